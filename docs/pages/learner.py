"""The page of one learner: what is written by hand, the docstring's equation, the code, the settings, the results."""

import importlib
import inspect
import re

from pages import DOCS, PAGES, PROSE, ROOT, DocsError
from pages.code import code_section, source_path
from pages.links import link_tests
from pages.results import results_section
from pages.settings import settings_section
from palestra.learners.registry import LEARNERS, learner_type

HEADINGS = ("Idea", "Pseudo-code", "What the notes got wrong", "References")
"""What the prose of a learner consists of, in this order."""


def registered() -> dict[str, tuple[str, str]]:
    """Every name that has a page, to module and class: what learns, and what acts without learning."""
    return LEARNERS


def reading_order() -> list[str]:
    """The learners in the order in which ``docs/README.md`` links to their pages."""
    return re.findall(r"\]\(algorithms/([\w-]+)\.md\)", (DOCS / "README.md").read_text())


def prose(name: str) -> dict[str, str]:
    """The sections that are written by hand, by heading."""
    path = PROSE / f"{name}.md"
    if not path.is_file():
        raise DocsError(f"no {path.relative_to(ROOT)}; expected one with the headings {', '.join(HEADINGS)}")
    parts = re.split(r"^## (.+)$", path.read_text(), flags=re.MULTILINE)
    sections = {heading.strip(): text.strip() for heading, text in zip(parts[1::2], parts[2::2])}
    if tuple(sections) != HEADINGS or not all(sections.values()):
        raise DocsError(f"{path.relative_to(ROOT)} has the headings {tuple(sections)}; expected {HEADINGS}, none empty")
    return {heading: link_tests(text, PAGES) for heading, text in sections.items()}


def page(name: str, order: list[str]) -> str:
    """The page of one learner."""
    module, _ = registered()[name]
    source = importlib.import_module(module)
    registered_type = learner_type(name)
    docstring = inspect.cleandoc(source.__doc__ or "")
    written = prose(name)
    sections = {
        "Idea": written["Idea"],
        "Equation": f"```text\n{docstring}\n```",
        "Pseudo-code": written["Pseudo-code"],
        "Code": code_section(source_path(module), learns(module)),
        "Settings": settings_section(registered_type.config_type),
        "Claim and measured result": results_section(name, registered_type.learner.clock_unit),
        "What the notes got wrong": written["What the notes got wrong"],
        "References": written["References"],
    }
    head = f"# {title(docstring)} (`{name}`)\n\n{navigation(name, order)}\n"
    note = f"<!-- Written by `make docs` from docs/prose/{name}.md and the source. Edit those. -->\n"
    return note + head + "".join(f"\n## {heading}\n\n{text}\n" for heading, text in sections.items())


def learns(module: str) -> bool:
    """Whether a module has an equation to learn by; what stands in ``policies/`` acts and has none."""
    return not module.startswith("palestra.policies.")


def title(docstring: str) -> str:
    """What an algorithm is called, from the first words of its module's docstring."""
    return re.split(r" \(|: |\.$|\. ", docstring.splitlines()[0])[0]


def navigation(name: str, order: list[str]) -> str:
    """Links to the neighbours on the learning path."""
    place = order.index(name)
    links = ["[Learning path](../README.md)"]
    if place > 0:
        links.insert(0, f"← [`{order[place - 1]}`]({order[place - 1]}.md)")
    if place + 1 < len(order):
        links.append(f"[`{order[place + 1]}`]({order[place + 1]}.md) →")
    return " · ".join(links)
