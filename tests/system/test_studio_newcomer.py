"""A newcomer's walk through the studio, by nothing but what the page says: a slow proof, in a real browser.

Somebody who has trained one agent opens the studio, understands what came of it, finds the chapter that explains it,
starts another training, holds it and lets it make single steps, and compares the two.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import CHROMIUM, needs_a_browser

from palestra.runs.store import Run, run_ids

pytestmark = [pytest.mark.slow, needs_a_browser]
WIDTHS = (1280, 360)


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Any]:
    """The studio's first page, beside a folder with one training."""
    from playwright.sync_api import sync_playwright

    palestra = [sys.executable, "-m", "palestra"]
    out = ["--out", str(tmp_path / "runs")]
    subprocess.run([*palestra, "train", "cartpole/ppo", "--total-timesteps", "4096", *out, "--quiet"], check=False)
    argv = [*palestra, "studio", "--runs", str(tmp_path / "runs"), "--port", "0", "--no-open", "--allow-launch"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process, sync_playwright() as playwright:
        assert process.stdout is not None
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": WIDTHS[0], "height": 900}, locale="en")
        said: list[str] = []
        shown = context.new_page()
        shown.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        shown.on("pageerror", lambda error: said.append(str(error)))
        shown.goto(process.stdout.readline().strip())
        yield shown
        browser.close()
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert said == []


def test_a_newcomer_understands_a_run_starts_another_and_compares_the_two(page: Any, tmp_path: Path) -> None:
    def look(name: str) -> None:
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_timeout(150)
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, name
            page.screenshot(path=tmp_path / f"{name}-{width}.png", full_page=True)
        page.set_viewport_size({"width": WIDTHS[0], "height": 900})

    def press(name: str, role: str = "button") -> None:
        page.get_by_role(role, name=name, exact=True).first.click()

    def until(holds: Any) -> None:
        deadline = time.monotonic() + 120
        while not holds():
            assert time.monotonic() < deadline
            page.wait_for_timeout(100)

    look("1-runs")
    press("cartpole/ppo · seed 0", "link")
    page.wait_for_selector(".chart canvas")
    page.locator("text=What it has to show").scroll_into_view_if_needed()
    page.wait_for_selector("text=Root mean squares of each layer")
    look("2-run")
    page.get_by_role("link", name="The chapter that explains it").click()
    page.wait_for_selector("text=Proximal policy optimisation")
    page.wait_for_selector("text=clip(r, 1 - eps, 1 + eps)")
    look("3-chapter")
    page.go_back()
    page.wait_for_selector(".chart canvas")
    press("Train another", "link")
    page.wait_for_selector("text=--set training.seed=1")
    page.get_by_label("training.budget").evaluate("node => { node.closest('details').open = true; }")
    page.get_by_label("training.budget").fill("30000")
    look("4-recipe")
    press("Start")
    page.wait_for_selector("text=Stop and save", timeout=60_000)
    press("Pause")
    page.wait_for_selector("button:has-text('Go on')")
    root = tmp_path / "runs"
    other = next(each for each in run_ids(root) if "-s1-" in each)
    taken = [0]
    for _ in range(3):
        press("One step")
        until(lambda: Run.open(other, root).manifest["steps"] > taken[-1])
        taken.append(Run.open(other, root).manifest["steps"])
        page.wait_for_selector("button:has-text('Go on')")
    assert taken[3] - taken[2] == taken[2] - taken[1] == 1_024, "a rollout of eight environments, each time"
    look("5-held")
    press("Go on")
    until(lambda: Run.open(other, root).status == "finished")
    page.wait_for_selector(".head .chip:has-text('finished')")
    page.locator("main").get_by_role("link", name="Compare", exact=True).click()
    page.get_by_role("link", name="Pick others to compare with").click()
    boxes = page.locator("tr[data-run] input[type=checkbox]")
    until(lambda: boxes.count() == 2)
    for i in range(2):
        boxes.nth(i).check()
    page.get_by_role("link", name="Compare 2").click()
    page.wait_for_selector(".verdict >> text=no winner", timeout=60_000)
    page.wait_for_selector("text=training.seed")
    look("6-compare")
