"""The playgrounds in a real browser: every control is used, by pointer and by keyboard, and the console stays silent.

The page is the smallest that can hold one, served under the policy that the studio sends: no inline script or style.
"""

# ruff: noqa: RUF001 - Chinese has punctuation of its own

import importlib.util
import json
import shutil
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from axe import assert_accessible

import palestra
from palestra.playgrounds.catalogue import OFFERS
from palestra.playgrounds.session import Session

STATIC = Path(palestra.__file__).parent / "studio" / "static" / "playgrounds"
CHROMIUM = shutil.which("chromium") or ""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-extensions",
    "--disable-background-networking",
    "--no-first-run",
]
MOST_BYTES = 90_000
"""Of script, for all playgrounds together."""
TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html; charset=utf-8"}
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Playground</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/page.css"></head><body><main id="root"></main>
<script type="module" src="/page.js"></script></body></html>"""
STYLE = """body { margin: 0; padding: 12px; font-family: sans-serif; background: #f6f7f9; }
[data-theme="dark"] body { background: #0f141d; } main { display: block; }"""
SCRIPT = """
const query = new URLSearchParams(location.search);
document.documentElement.dataset.theme = query.get("theme") ?? "light";
const { mount } = await import(`/playgrounds/${query.get("name")}.js`);
const asked = (command) => fetch(`/ask/${query.get("name")}`, { method: "POST", body: JSON.stringify(command) });
const session = { send: (command) => asked(command).then((answer) => answer.json()) };
const text = (en, zh) => (query.get("language") === "zh" ? zh : en);
const state = {
  get: () => JSON.parse(decodeURIComponent(location.hash.slice(1)) || "{}"),
  set: (settings) => history.replaceState(null, "", `#${encodeURIComponent(JSON.stringify(settings))}`),
};
window.mounted = mount(document.getElementById("root"), session, text, state);
"""


class Handler(BaseHTTPRequestHandler):
    """Serves the page, the modules, and one session of each playground."""

    sessions: dict[str, Session] = {}  # noqa: RUF012 - one for the server, which makes a handler for each request
    lock = threading.Lock()
    made = {"/favicon.ico": "", "/page.js": SCRIPT, "/page.css": STYLE, "/page.html": PAGE}  # noqa: RUF012 - likewise

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        text = self.made.get(path)
        module = STATIC.parent / path.removeprefix("/")
        if text is None and module.suffix in TYPES and module.is_file():
            text = module.read_text()
        self._send(200 if text is not None else 404, (text or "").encode(), TYPES.get(Path(path).suffix, "text/plain"))

    def do_POST(self) -> None:
        name = self.path.rpartition("/")[2]
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        with self.lock:
            if json.loads(body)["do"] == "start" or name not in self.sessions:
                self.sessions[name] = Session(name)
            answer = self.sessions[name].answer(body)
        self._send(200, answer.encode(), "application/json")

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.send_header("content-security-policy", POLICY)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


class Server(ThreadingHTTPServer):
    """One that says nothing of a page that was closed before its answer; any other fault is in the page's console."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/page.html"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if importlib.util.find_spec("playwright") is None or not CHROMIUM:
        pytest.skip("needs the Python package playwright and a chromium on the path (Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        made = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield made
        made.close()


class Page:
    """A page with one playground, and what its console said."""

    def __init__(self, browser: Any, address: str, name: str, **asked: Any):
        width, language, theme = asked.get("width", 1280), asked.get("language", "en"), asked.get("theme", "light")
        self.page = browser.new_page(viewport={"width": width, "height": 900})
        self.said: list[str] = []
        self.page.on("console", lambda message: message.type in ("error", "warning") and self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        hash_ = "#" + json.dumps(asked["settings"]) if "settings" in asked else ""
        self.page.goto(f"{address}?name={name}&language={language}&theme={theme}{hash_}")
        self.until("document.querySelector('.pg-see')?.textContent.length > 10")

    def steps(self) -> int:
        """Where it stands."""
        return int(self.page.locator(".pg-at").inner_text().split()[-1].replace(",", ""))

    def until(self, expression: str) -> None:
        """Wait until something is so; asked from outside, since the policy lets nothing be evaluated in the page."""
        deadline = time.monotonic() + 20
        while not self.page.evaluate(f"Boolean({expression})"):
            assert time.monotonic() < deadline, expression
            self.page.wait_for_timeout(60)

    def press(self, label: str) -> None:
        """A button, by its label."""
        self.page.get_by_role("button", name=label, exact=True).click()

    def at(self, steps: int) -> None:
        """Wait until it stands at a step."""
        self.until(f"/ {steps}$/.test(document.querySelector('.pg-at').textContent.replaceAll(',', ''))")

    def played(self) -> None:
        """Use what every playground has: play and pause, a step, one back, again; and every setting and preset once."""
        self.press("One step")
        self.at(1)
        self.press("Back")
        self.at(0)
        self.page.get_by_label("Speed").select_option("1")
        self.page.locator(".pg-play").click()
        self.until("Number(document.querySelector('.pg-at').textContent.match(/\\d+$/)) >= 2")
        self.page.evaluate(
            "(node => node.textContent.includes('Pause') && node.click())(document.querySelector('.pg-play'))"
        )
        self.until("document.querySelector('.pg-play').textContent.includes('Play')")
        self.press("Start again")
        self.at(0)
        for preset in self.page.locator(".pg-presets button").all():
            preset.click()
            self.until(
                f"document.querySelector('[data-preset={preset.get_attribute('data-preset')}]').ariaPressed === 'true'"
            )
            assert len(self.page.locator(".pg-why").inner_text()) > 20
        self.page.locator(".pg-presets button").first.click()
        for name in self.page.evaluate(
            "[...document.querySelectorAll('.pg-field > [id]:not(small)')].map(node => node.id)"
        ):
            box = self.page.locator(f"#{name}")
            if not box.is_visible():
                continue
            if box.get_attribute("type") == "checkbox":
                box.click()
            elif box.evaluate("node => node.tagName") == "SELECT":
                box.select_option(index=0)
                self.page.wait_for_timeout(60)
                box.select_option(index=1)
                self.page.wait_for_timeout(60)
            else:
                box.fill(box.input_value())
                box.press("Enter")
        self.page.wait_for_timeout(100)
        assert not self.page.locator(".pg-side > .pg-error").is_visible()
        self.page.set_viewport_size({"width": 360, "height": 900})
        assert self.page.evaluate("document.documentElement.scrollWidth") <= 360

    def closed(self) -> None:
        """Nothing was said, nothing is left."""
        self.page.evaluate("mounted.unmount()")
        assert self.page.locator("#root").inner_html() == ""
        self.page.close()
        assert self.said == []


def settings_of(page: Page) -> dict[str, Any]:
    """What stands in the address."""
    found: dict[str, Any] = page.page.evaluate("JSON.parse(decodeURIComponent(location.hash.slice(1)) || '{}')")
    return found


def test_all_script_together_is_small() -> None:
    scripts = [*STATIC.glob("*.js")]
    assert {path.stem for path in scripts} == {*OFFERS, "parts"}
    assert sum(path.stat().st_size for path in scripts) <= MOST_BYTES


def test_the_bandit(browser: Any, address: str) -> None:
    page = Page(browser, address, "bandit")
    page.played()
    page = fresh(page, browser, address, "bandit")
    arm = page.page.locator(".pg-arm").nth(1)
    box = arm.locator(".pg-arm-grip").bounding_box()
    page.page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.page.mouse.down()
    page.page.mouse.move(box["x"] + 5, box["y"] - 60, steps=4)
    page.page.mouse.up()
    page.until("(JSON.parse(decodeURIComponent(location.hash.slice(1)) || '{}').means ?? [0, 0])[1] > 0.6")
    arm.focus()
    page.page.keyboard.press("ArrowDown")
    page.page.keyboard.press("Shift+ArrowDown")
    page.press("One arm more")
    page.until("document.querySelectorAll('.pg-arm').length === 6")
    page.press("One arm less")
    page.until("document.querySelectorAll('.pg-arm').length === 5")
    page.page.keyboard.press("n")
    page.at(1)
    page.closed()


def test_the_gridworld(browser: Any, address: str) -> None:
    page = Page(browser, address, "gridworld")
    page.played()
    page = fresh(page, browser, address, "gridworld")
    board = page.page.locator("svg.pg-board")
    box = board.bounding_box()
    side = box["width"] / 12
    page.page.mouse.click(box["x"] + 2.5 * side, box["y"] + 0.5 * side)
    page.until("document.querySelectorAll('.pg-cell.pg-wall').length === 1")
    page.page.get_by_text("free", exact=True).click()
    page.page.mouse.click(box["x"] + 2.5 * side, box["y"] + 0.5 * side)
    page.until("document.querySelectorAll('.pg-cell.pg-wall').length === 0")
    page.page.get_by_text("wind", exact=True).click()
    board.focus()
    page.page.keyboard.press("ArrowRight")
    page.page.keyboard.press("Enter")
    page.until("document.querySelector('.pg-wind')?.textContent === '↑'")
    page.press("+ row")
    page.until("document.querySelectorAll('.pg-cell').length === 60")
    page.press("− row")
    page.until("document.querySelectorAll('.pg-cell').length === 48")
    page.press("+ column")
    page.until("document.querySelectorAll('.pg-cell').length === 52")
    page.press("− column")
    page.until("document.querySelectorAll('.pg-cell').length === 48")
    page.page.get_by_text("goal", exact=True).click()
    assert settings_of(page)["wind"]
    page.closed()


def test_gradient_descent(browser: Any, address: str) -> None:
    page = Page(browser, address, "descent")
    page.played()
    page = fresh(page, browser, address, "descent")
    box = page.page.locator(".pg-plane").bounding_box()
    page.page.mouse.click(box["x"] + box["width"] * 0.75, box["y"] + box["height"] * 0.25)
    page.until("JSON.parse(decodeURIComponent(location.hash.slice(1)) || '{}').start?.[0] > 1")
    page.page.locator(".pg-handle").focus()
    page.page.keyboard.press("ArrowLeft")
    page.until("JSON.parse(decodeURIComponent(location.hash.slice(1))).start[0] < 1.45")
    page.page.keyboard.press("n")
    page.at(1)
    assert page.page.locator(".pg-table tbody tr").count() == 4
    page.closed()


def test_k_means(browser: Any, address: str) -> None:
    page = Page(browser, address, "k-means")
    page.played()
    page = fresh(page, browser, address, "k-means")
    box = page.page.locator(".pg-plane").bounding_box()
    page.page.mouse.click(box["x"] + box["width"] * 0.02, box["y"] + box["height"] * 0.02)
    page.until("document.querySelector('.pg-plane').dataset.points === '241'")
    centre = page.page.locator(".pg-handle").first
    centre.focus()
    before = centre.get_attribute("transform")
    page.page.keyboard.press("ArrowUp")
    assert centre.get_attribute("transform") != before
    page.page.locator(".pg-plane svg").focus()
    page.page.keyboard.press("ArrowRight")
    page.page.keyboard.press("Enter")
    page.until("document.querySelector('.pg-plane').dataset.points === '242'")
    page.press("Take all points away")
    page.until("document.querySelector('.pg-plane').dataset.points === '3'")
    page.closed()


def test_the_classifier(browser: Any, address: str) -> None:
    page = Page(browser, address, "classifier")
    page.played()
    page = fresh(page, browser, address, "classifier")
    page.page.get_by_label("show the points that are held out").check()
    page.page.get_by_text("■", exact=True).click()
    box = page.page.locator(".pg-plane").bounding_box()
    page.page.mouse.click(box["x"] + 8, box["y"] + 8)
    page.until("JSON.parse(decodeURIComponent(location.hash.slice(1)) || '{}').points?.at(-1)[2] === 1")
    page.page.get_by_text("Your own points", exact=True).click()
    area = page.page.get_by_label("Points as x, y, class")
    area.fill("x,y,kind\n10, 20, a\n30")
    page.press("Use these points")
    page.until("document.querySelector('.pg-own .pg-error').textContent.includes('line 3')")
    area.fill("x,y,kind\n10, 20, a\n30, 20, b\n20, 40, c\n")
    page.press("Use these points")
    page.until("JSON.parse(decodeURIComponent(location.hash.slice(1))).points.length === 3")
    assert settings_of(page)["points"] == [[-0.95, -0.95, 0], [0.95, -0.95, 1], [0, 0.95, 2]]
    assert page.page.locator(".pg-layer").count() == 2
    page.closed()


def test_the_convolution(browser: Any, address: str) -> None:
    page = Page(browser, address, "convolution")
    page.played()
    page = fresh(page, browser, address, "convolution")
    page.page.locator(".pg-kernel input").nth(4).fill("3")
    page.page.locator(".pg-kernel input").nth(4).press("Enter")
    page.until("JSON.parse(decodeURIComponent(location.hash.slice(1)) || '{}').kernel?.[4] === 3")
    pictures = page.page.locator(".pg-pixels")
    box = pictures.first.bounding_box()
    page.page.mouse.click(box["x"] + 3, box["y"] + 3)
    page.until("JSON.parse(decodeURIComponent(location.hash.slice(1))).picture === 'own'")
    pictures.last.focus()
    page.page.keyboard.press("ArrowDown")
    page.until("document.querySelector('.pg-see').textContent.includes('Row 2, column 1')")
    box = pictures.last.bounding_box()
    page.page.mouse.click(box["x"] + box["width"] * 0.5 + 2, box["y"] + 3)
    page.until("document.querySelector('.pg-see').textContent.includes('Row 1, column 9')")
    page.press("5 × 5")
    page.until("document.querySelectorAll('.pg-kernel input').length === 25")
    page.press("1 × 1")
    page.until("document.querySelectorAll('.pg-kernel input').length === 1")
    page.closed()


def test_cartpole(browser: Any, address: str) -> None:
    page = Page(browser, address, "cartpole", settings={"copies": 1})
    page.press("← push left")
    page.until("document.querySelector('.pg-count').textContent.includes('over')")
    page.page.locator(".pg-scene").evaluate("node => node.closest('section').querySelector('.pg-wide').focus()")
    page.page.keyboard.press("ArrowRight")
    page.until("document.querySelector('.pg-count').textContent.startsWith('3 ')")
    page.press("Watch the agent")
    page.until("Number(document.querySelectorAll('.pg-stats dd')[1].textContent) > 0")
    page.until("document.querySelector('.pg-count').textContent.includes('over')")
    page.press("One step")
    page.at(1)
    page.press("Back")
    page.at(0)
    page.closed()


def test_the_arm(browser: Any, address: str) -> None:
    page = Page(browser, address, "arm", settings={"world": "twin"})
    counted = "document.querySelector('.pg-count').textContent"
    page.until(f"{counted}.startsWith('0 / 40')")
    scene = page.page.locator(".pg-scene")
    before = scene.inner_html()
    scene.focus()
    page.page.keyboard.press("ArrowDown")
    page.until(f"{counted}.startsWith('1 / 40')")
    page.press("down (S)")
    page.until(f"{counted}.startsWith('2 / 40')")
    page.page.get_by_text("2 cm", exact=True).click()
    page.press("← left")
    page.until(f"{counted}.startsWith('3 / 40')")
    assert scene.inner_html() != before
    page.page.get_by_label("Whom to watch").select_option("expert")
    page.until("decodeURIComponent(location.hash).includes('expert')")
    page.press("Watch the agent")
    page.until("document.querySelectorAll('.pg-stats dd')[2].textContent === '1 / 1'")
    page.press("Stop")
    page.press("Another object")
    page.until(f"{counted}.startsWith('0 / 40')")
    page.press("One step")
    page.at(1)
    page.press("Back")
    page.at(0)
    assert page.page.locator("[data-key=g]").is_hidden()
    page.page.get_by_label("task", exact=True).select_option("pick-place")
    page.until("document.querySelector('[data-key=g]').offsetHeight > 0")
    scene.focus()
    page.page.keyboard.press("g")
    page.until(f"{counted}.startsWith('1 / 40')")
    assert settings_of(page) == {"world": "twin", "agent": "expert", "task": "pick-place"}
    page.closed()


def fresh(page: Page, browser: Any, address: str, name: str) -> Page:
    """The same again, with nothing set; what the first said is held against it."""
    page.closed()
    return Page(browser, address, name)


def slow_but(*quick: str) -> list[Any]:
    """All playgrounds, of which some are looked at every time."""
    return [name if name in quick else pytest.param(name, marks=pytest.mark.slow) for name in OFFERS]


@pytest.mark.parametrize("name", slow_but("gridworld", "classifier"))
def test_a_narrow_screen_in_chinese_and_dark(browser: Any, address: str, name: str) -> None:
    page = Page(browser, address, name, width=360, language="zh", theme="dark")
    wide = page.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 360
    assert "该看到什么" in page.page.locator(".pg-caption").inner_text()
    assert_accessible(page.page, name)
    small = page.page.evaluate(
        "[...document.querySelectorAll('.playground button')].filter(b => b.offsetHeight && b.offsetHeight < 30).length"
    )
    assert small == 0
    page.closed()


def test_settings_in_the_address_are_what_it_begins_with(browser: Any, address: str) -> None:
    page = Page(browser, address, "descent", settings={"surface": "waves", "adam_rate": 0.2})
    assert page.page.locator("#pg-surface").input_value() == "waves"
    assert page.page.locator("#pg-adam_rate").input_value() == "0.2"
    assert settings_of(page) == {"surface": "waves", "adam_rate": 0.2}
    page.page.locator("#pg-adam_rate").fill("99")
    page.page.locator("#pg-adam_rate").press("Enter")
    page.until("!document.querySelector('.pg-side > .pg-error').hidden")
    assert "adam_rate=99" in page.page.locator(".pg-side > .pg-error").inner_text()
    assert page.page.locator("#pg-adam_rate").get_attribute("aria-invalid") == "true"
    page.closed()
