"""The studio in a real browser, without a network: every page in both languages and themes, at two widths.

It needs Chromium from the system and Playwright; where one of them is not there, the test says so and is skipped, but
never in continuous integration.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from axe import assert_accessible
from chromium import CHROMIUM, needs_a_browser
from made_runs import make_run

from palestra.playgrounds.catalogue import OFFERS
from palestra.runs.store import Run

pytestmark = needs_a_browser
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)<",
    '"><svg onload=alert(1)>',
    "{{constructor}}",
    "javascript:alert(1)",
)
LOOKS = [
    (1280, "en", "light"),
    (360, "zh", "dark"),
    pytest.param(1280, "zh", "dark", marks=pytest.mark.slow),
    pytest.param(360, "en", "light", marks=pytest.mark.slow),
]


@dataclass
class Seen:
    """What went wrong in a page, and what it asked of elsewhere."""

    base: str
    said: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)


@dataclass
class Visit:
    """A studio, and runs in its folder."""

    url: str
    root: Path
    runs: list[str]
    browser: Any

    @property
    def base(self) -> str:
        return self.url.split("/?")[0]


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    from playwright.sync_api import sync_playwright

    root = tmp_path_factory.mktemp("studio") / "runs"
    runs = [make_run(root, seed, reached(seed)) for seed in range(3)]
    runs.append(
        make_run(root, 0, "cliff", "sarsa", {**dict.fromkeys(HOSTILE, (1.0, 2.0)), "eval/return_mean": (-20.0, -17.0)})
    )
    for name in HOSTILE[:2]:
        shutil.copytree(root / runs[0], root / name)
    argv = [
        sys.executable,
        "-m",
        "palestra",
        "studio",
        "--runs",
        str(root),
        "--port",
        "0",
        "--no-open",
        "--allow-launch",
    ]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
                yield Visit(url, root, runs, browser)
                browser.close()
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def reached(seed: int) -> str:
    """A task of its own for one of three, so that there is something to group by."""
    return "cartpole" if seed < 2 else "acrobot"


@pytest.fixture
def open_page(visit: Visit) -> Iterator[Callable[..., Any]]:
    """A page of a width that has come in, with what it says watched; nothing beyond this machine can be reached."""
    contexts, watched = [], Seen(visit.base)

    def opened(width: int = 1280, address: str = "#/runs", refused: str = "") -> Any:
        context = visit.browser.new_context(viewport={"width": width, "height": 900})
        contexts.append(context)

        def only_here(route: Any) -> None:
            if route.request.url.startswith(visit.base + "/"):
                route.continue_()
            else:
                watched.elsewhere.append(route.request.url)
                route.abort()

        context.route("**/*", only_here)
        page = context.new_page()

        def listen(message: Any) -> None:
            expected = refused and f"status of {refused}" in message.text
            if message.type in ("error", "warning") and not expected:
                watched.said.append(message.text)

        page.on("console", listen)
        page.on("pageerror", lambda error: watched.said.append(str(error)))
        page.on("dialog", lambda dialog: watched.said.append(f"a dialog: {dialog.message}"))
        page.goto(visit.url)
        assert "token" not in page.url
        page.goto(f"{visit.base}/{address}")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert watched.elsewhere == []
    assert watched.said == []


def until(page: Any, holds: str) -> None:
    """Wait until an expression is true in the page, whose policy lets no watcher of a text stay there."""
    deadline = time.monotonic() + 20
    while not page.evaluate(holds):
        assert time.monotonic() < deadline, holds
        page.wait_for_timeout(50)


def pages(visit: Visit) -> dict[str, tuple[str, str]]:
    """Name to address, and to what is there once it is drawn."""
    chosen = "&".join(f"run={run}" for run in visit.runs[:2])
    return {
        "runs": ("#/runs", "tr[data-run]"),
        "run": (f"#/run/{visit.runs[0]}", ".chart canvas"),
        "hostile": (f"#/run/{quote(HOSTILE[0], safe='')}", ".chart canvas"),
        "compare": (f"#/compare?{chosen}", ".chart canvas"),
        "recipes": ("#/recipes", ".recipes li"),
        "recipe": ("#/recipe/cliff%2Fq-learning", "main pre"),
        "playgrounds": ("#/playgrounds", "main h1"),
        "playground": ("#/playgrounds/bandit", ".pg-see"),
        "learn": ("#/docs", ".page h2"),
        "chapter": ("#/docs/algorithms/k-means", ".page pre"),
    }


@pytest.mark.parametrize(("width", "language", "theme"), LOOKS)
def test_every_page_in_every_look(
    visit: Visit, open_page: Callable[..., Any], tmp_path: Path, width: int, language: str, theme: str
) -> None:
    page = open_page(width)
    for name, (address, drawn) in pages(visit).items():
        joint = "&" if "?" in address else "?"
        page.goto(f"{visit.base}/{address}{joint}lang={language}&theme={theme}")
        page.wait_for_selector(drawn, timeout=20_000)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (
            f"{name} is wider than the window"
        )
        assert page.evaluate("document.documentElement.lang") == {"en": "en", "zh": "zh-CN"}[language]
        shot = page.screenshot(path=tmp_path / f"{name}-{width}-{language}-{theme}.png", full_page=True)
        assert len(shot) > 5_000
        assert_accessible(page, name)


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 360])
def test_every_control_is_reached_by_tab_and_shows_it(visit: Visit, open_page: Callable[..., Any], width: int) -> None:
    page = open_page(width)
    for name, (address, drawn) in pages(visit).items():
        page.goto(f"{visit.base}/{address}")
        page.wait_for_selector(drawn, timeout=20_000)
        page.wait_for_timeout(500)
        page.evaluate(
            """() => {
                document.activeElement?.blur();
                const all = document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]");
                window.missing = new Set([...all].filter((each) => each.tabIndex >= 0 && !each.disabled
                    && each.checkVisibility({ visibilityProperty: true }) && each.getClientRects().length));
            }"""
        )
        many = page.evaluate("missing.size")
        assert many > 5, name
        for _ in range(2 * many):
            if page.evaluate("missing.size") == 0:
                break
            page.keyboard.press("Tab")
            hidden = page.evaluate(
                """() => {
                    const here = document.activeElement, shown = here.closest("label") ?? here;
                    const looks = () => [shown, ...shown.querySelectorAll("*")].map((each) => {
                        const look = getComputedStyle(each);
                        return [look.outline, look.boxShadow, look.stroke, look.strokeWidth, look.visibility].join();
                    }).join();
                    missing.delete(here);
                    if (here.type === "radio")  // one stop for all of a name
                        for (const each of document.getElementsByName(here.name)) missing.delete(each);
                    if (here === document.body) return null;
                    const seen = looks();
                    here.blur();
                    const unseen = looks();
                    here.focus({ preventScroll: true });
                    return seen === unseen ? here.outerHTML.slice(0, 160) : null;
                }"""
            )
            assert hidden is None, name
        left = page.evaluate(
            "[...missing].filter((each) => each.isConnected).map((each) => each.outerHTML.slice(0, 160))"
        )
        assert left == [], name


@pytest.mark.slow
@pytest.mark.parametrize("name", OFFERS)
def test_every_playground_fits_into_a_narrow_window(visit: Visit, open_page: Callable[..., Any], name: str) -> None:
    page = open_page(360, f"#/playgrounds/{name}")
    page.wait_for_selector(".pg-see")
    page.wait_for_timeout(500)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


@pytest.mark.slow
def test_back_leads_through_all_pages_as_they_were(visit: Visit, open_page: Callable[..., Any]) -> None:
    page = open_page()
    walked = []
    for address, drawn in pages(visit).values():
        page.goto(f"{visit.base}/{address}")
        page.wait_for_selector(drawn, timeout=20_000)
        walked.append((page.evaluate("location.hash"), page.title(), drawn))
    for hash_, title, drawn in walked[-2::-1]:
        page.go_back()
        until(page, f"location.hash === {hash_!r}")
        page.wait_for_selector(drawn, timeout=20_000)
        until(page, f"document.title === {title!r}")


def test_the_list_is_found_sorted_grouped_and_goes_back(visit: Visit, open_page: Callable[..., Any]) -> None:
    page = open_page(refused="400")
    rows = page.locator("tr[data-run]")
    until(page, "document.querySelectorAll('tr[data-run]').length === 6")
    assert page.locator("tr[data-run] img").count() == 0, "a name is text"
    page.get_by_role("searchbox").fill("task=acrobot")
    until(page, "document.querySelectorAll('tr[data-run]').length === 1")
    until(page, "location.hash.includes('filter=task')")
    page.get_by_role("searchbox").fill("tsk=acrobot")
    page.wait_for_selector("text=unknown field 'tsk'")
    until(page, "document.querySelectorAll('tr[data-run]').length === 1")
    page.reload()
    page.wait_for_selector("text=unknown field 'tsk'")
    page.get_by_role("searchbox").fill("")
    until(page, "document.querySelectorAll('tr[data-run]').length === 6")
    page.locator("th", has_text="Score").get_by_role("button").click()
    until(page, "location.hash.includes('sort=-score')")
    first = rows.first.get_attribute("data-run")
    page.locator("th", has_text="Score").get_by_role("button").click()
    assert rows.first.get_attribute("data-run") != first
    page.get_by_role("button", name="Group by recipe").click()
    assert page.locator("tr.group").count() == 3
    page.go_back()
    until(page, "document.querySelectorAll('tr.group').length === 0")
    make_run(visit.root, 9, "pendulum", "sac")
    until(page, "document.querySelectorAll('tr[data-run]').length === 7")
    shutil.rmtree(next(visit.root.glob("pendulum-*")))
    until(page, "document.querySelectorAll('tr[data-run]').length === 6")


def test_runs_are_picked_and_compared_by_keyboard(visit: Visit, open_page: Callable[..., Any]) -> None:
    page = open_page(address="#/runs?filter=task%3Dcartpole")
    until(page, "document.querySelectorAll('tr[data-run]').length === 4")  # those that are meant, and no others
    boxes = page.locator("tr[data-run] input[type=checkbox]")
    for i in range(2):
        boxes.nth(i).focus()
        page.keyboard.press("Space")
    until(page, "location.hash.split('pick=').length === 3")
    page.get_by_role("link", name="Compare 2").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".chart canvas")
    until(page, "location.hash.split('run=').length === 3")
    page.get_by_label("Metric").select_option("train/loss")
    until(page, "location.hash.includes('metric=train%2Floss')")
    page.go_back()
    until(page, "!location.hash.includes('metric')")
    page.go_back()
    page.wait_for_selector("tr.picked")


def test_a_run_is_looked_into(visit: Visit, open_page: Callable[..., Any]) -> None:
    page = open_page(address=f"#/run/{visit.runs[0]}")
    page.wait_for_selector(".chart canvas")
    plot = page.locator(".chart .plot").first
    assert "evaluation 480" in plot.get_attribute("aria-label")
    plot.focus()
    page.keyboard.press("+")
    until(page, "location.hash.includes('from=')")
    page.get_by_role("button", name="Whole range").click()
    until(page, "!location.hash.includes('from=')")
    page.get_by_role("button", name="log up").click()
    until(page, "location.hash.includes('logy=1')")
    page.get_by_label("Smoothing").fill("0.6")
    until(page, "location.hash.includes('smooth=0.6')")
    page.get_by_label("Across").select_option("seconds")
    until(page, "location.hash.includes('x=seconds')")
    page.get_by_label("Across").select_option("steps")
    page.get_by_label("Smoothing").fill("0")
    with Run.open(visit.runs[0], visit.root, write=True) as run:
        run.metrics.add(900, {"eval/return_mean": 499.0})
        run.metrics.commit()
        until(page, "document.querySelector('.chart .plot').getAttribute('aria-label').includes('499')")


def test_what_is_deleted_comes_back(visit: Visit, open_page: Callable[..., Any]) -> None:
    # What is still being asked of the run when it goes is not there any more.
    page = open_page(address=f"#/run/{visit.runs[2]}", refused="404")
    page.get_by_role("button", name="Delete").click()
    page.wait_for_selector("text=can be brought back for a day")
    assert not (visit.root / visit.runs[2]).exists()
    page.get_by_role("button", name="Bring back").first.click()
    page.wait_for_selector(".chart canvas")
    assert (visit.root / visit.runs[2]).is_dir()


def test_the_documentation_is_read_and_its_ideas_are_tried(visit: Visit, open_page: Callable[..., Any]) -> None:
    page = open_page(address="#/docs?lang=en")
    page.get_by_role("link", name="q-learning", exact=True).first.click()
    page.wait_for_selector("h1:has-text('Q-learning, off-policy')")
    assert page.locator(".page pre").first.evaluate("node => getComputedStyle(node).whiteSpace") == "pre"
    page.get_by_role("link", name="Play with it").click()
    page.wait_for_selector("[data-preset='cliff'][aria-pressed='true']")
    page.go_back()
    page.locator("a.try", has_text="cliff/q-learning").first.click()
    page.wait_for_selector("text=palestra train cliff/q-learning")
    page.get_by_role("link", name="The chapter that explains it").click()
    page.wait_for_selector("h1:has-text('Q-learning, off-policy')")
    page.goto(f"{visit.base}/#/docs/README?at=7-trust-regions-how-far-to-go&lang=en")
    until(page, "document.getElementById('at-7-trust-regions-how-far-to-go')?.getBoundingClientRect().top < 400")
    page.get_by_role("link", name="中文", exact=True).click()
    page.wait_for_selector(".page[lang='zh-CN']")
    page.get_by_role("img", name="六种策略的遗憾与 Lai-Robbins 下界").evaluate("node => node.scrollIntoView()")
    until(page, "document.querySelector('.page img').naturalWidth > 0")


def test_without_the_token_there_is_nothing_to_see(visit: Visit) -> None:
    context = visit.browser.new_context()
    page = context.new_page()
    assert page.goto(visit.base + "/").status == 401
    assert page.goto(f"{visit.base}/?token=wrong").status == 401
    context.close()
