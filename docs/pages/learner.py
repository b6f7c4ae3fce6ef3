"""The page of one learner: what is written by hand, the docstring's equation, the code, the settings, the results."""

import importlib
import inspect
import re

from pages import DOCS, PAGES, PROSE, ROOT, DocsError
from pages.code import code_section, source_path
from pages.links import link_tests
from pages.results import results_section
from pages.settings import settings_section
from palestra.envs.world import World
from palestra.learners.registry import LEARNERS, learner_type

HEADINGS = ("Idea", "Pseudo-code", "What the notes got wrong", "References")
"""What the prose of a learner consists of, in this order. One without prose has a page without these."""
SECTIONS = (
    "Idea", "Equation", "Pseudo-code", "Code", "Settings", "Claim and measured result", "What the notes got wrong",
    "References",
)  # fmt: skip
"""Of a page, in this order: those that are written by hand, and those that are made of the source."""


def registered() -> dict[str, tuple[str, str]]:
    """Every name that has a page, to module and class: what learns, and what acts without learning."""
    return LEARNERS


def reading_order() -> list[str]:
    """The learners in the order in which ``docs/README.md`` links to their pages."""
    return re.findall(r"\]\(algorithms/([\w-]+)\.md\)", (DOCS / "README.md").read_text())


def explained() -> set[str]:
    """The learners with prose, each a step of the learning path."""
    return {path.stem for path in PROSE.glob("*.md")} & set(registered())


def prose(name: str) -> dict[str, str]:
    """The sections that are written by hand, by heading; none where nobody has written any yet."""
    path = PROSE / f"{name}.md"
    if not path.is_file():
        return {}
    parts = re.split(r"^## (.+)$", path.read_text(), flags=re.MULTILINE)
    sections = {heading.strip(): text.strip() for heading, text in zip(parts[1::2], parts[2::2])}
    if tuple(sections) != HEADINGS or not all(sections.values()):
        raise DocsError(f"{path.relative_to(ROOT)} has the headings {tuple(sections)}; expected {HEADINGS}, none empty")
    return {heading: link_tests(text, PAGES) for heading, text in sections.items()}


def page(name: str, order: list[str]) -> str:
    """The page of one learner."""
    module, _ = registered()[name]
    kind = learner_type(name)
    docstring = inspect.cleandoc(importlib.import_module(module).__doc__ or "")
    made = {
        "Equation": f"```text\n{docstring}\n```",
        "Code": code_section(source_path(module), learns(module)),
        "Settings": settings_section(kind.config_type, kind.learner.learns_from is World),
        "Claim and measured result": results_section(name, kind.learner.clock_unit),
    }
    written = prose(name)
    sections = {heading: (written | made).get(heading) for heading in SECTIONS}
    head = f"# {title(docstring)} (`{name}`)\n\n{navigation(name, order)}\n"
    sources = f"docs/prose/{name}.md and the source. Edit those" if written else "the source. Edit that"
    note = f"<!-- Written by `make docs` from {sources}. -->\n"
    return note + head + "".join(f"\n## {heading}\n\n{text}\n" for heading, text in sections.items() if text)


def learns(module: str) -> bool:
    """Whether a module has an equation to learn by; what stands in ``policies/`` acts and has none."""
    return not module.startswith("palestra.policies.")


def title(docstring: str) -> str:
    """What an algorithm is called, from the first words of its module's docstring."""
    return re.split(r" \(|: |\.$|\. ", docstring.splitlines()[0])[0]


def navigation(name: str, order: list[str]) -> str:
    """Links to the neighbours on the learning path, where it is on it."""
    links = ["[Learning path](../README.md)"]
    if name not in order:
        return links[0]
    place = order.index(name)
    if place > 0:
        links.insert(0, f"← [`{order[place - 1]}`]({order[place - 1]}.md)")
    if place + 1 < len(order):
        links.append(f"[`{order[place + 1]}`]({order[place + 1]}.md) →")
    return " · ".join(links)
