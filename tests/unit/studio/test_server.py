"""The whole application behind its door."""

import random
import subprocess
import sys
from pathlib import Path
from typing import Any

from asgi import HOST, ask, ask_all
from made_runs import make_run
from starlette.routing import Route

from palestra.studio.server import Open, make_app
from palestra.studio.studio import Studio
from palestra.web.guard import Guard, local_names, make_token
from palestra.web.serving import listen

TOKEN = make_token()
BEARER = {"authorization": f"Bearer {TOKEN}"}
SCRIPTS = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "javascript:alert(1)",
    "</title><svg/onload=alert(1)>", "{{7*7}}", "\u202e",
)  # fmt: skip


def app(root: Path, *, launch: bool = False) -> Any:
    return make_app(Studio(root, launch=launch), [])


def door(root: Path, *, launch: bool = False) -> Guard:
    return Guard(app(root, launch=launch), TOKEN, local_names(8000), "studio")


def every_route(root: Path) -> list[tuple[str, str]]:
    """Method and address of each route, with its parameters filled in."""
    found = []
    for route in app(root).routes:
        assert isinstance(route, Route)
        path = route.path.replace("{name:path}", "app.js")
        for name in ("run", "key", "order", "name", "session", "task", "method"):
            path = path.replace(f"{{{name}}}", "x")
        assert "{" not in path
        found += [(method, path) for method in route.methods or ()]
    return found


def test_no_route_is_open(tmp_path: Path) -> None:
    closed = door(tmp_path, launch=True)
    routes = every_route(tmp_path)
    assert len(routes) >= 25
    for method, path in routes:
        assert ask(closed, path, method).status == 401, path
        assert ask(closed, path, method, BEARER, host="example.org").status == 403, path
        assert ask(closed, path, method, BEARER | {"origin": "http://example.org"}).status == 403, path


def test_without_leave_it_only_looks(tmp_path: Path) -> None:
    run_id = make_run(tmp_path)
    looking = door(tmp_path)
    orders = [
        ("DELETE", f"/api/runs/{run_id}"), ("POST", f"/api/aside/{run_id}"), ("POST", "/api/trainings"),
        *(("POST", f"/api/runs/{run_id}/orders/{order}") for order in ("pause", "step", "resume", "stop")),
    ]  # fmt: skip
    for method, path in orders:
        answer = ask(looking, path, method, BEARER, json_body={"recipe": "cartpole/ppo"})
        assert answer.status == 403, path
        assert "--allow-launch" in answer.json()["error"]
    assert (tmp_path / run_id).is_dir()


def test_no_address_leads_to_a_file_of_somebody_else(tmp_path: Path) -> None:
    root = tmp_path / "runs"
    run_id = make_run(root)
    secret = "a secret of this machine"
    (tmp_path / "secret.txt").write_text(secret)
    (root / run_id / "plots").mkdir()
    (root / run_id / "plots" / "linked.png").symlink_to(tmp_path / "secret.txt")
    looking = door(root)
    parts = [
        "..", ".", "%2e%2e", "%2E%2E%2F", "..%2f", "%2f", "%5c", "..\\", "\\", "/", "//", "%00", "%252e%252e%252f",
        "....//", "C:", "C:%5c", "file:%2f%2f", "etc", "passwd", "secret.txt", "..%c0%af", "%u2215", "~", "..;", run_id,
        "config.json", "manifest.json", "plots", "linked.png", str(tmp_path).lstrip("/"), "%ef%bc%8f",
        "proc", "self", "environ",
    ]  # fmt: skip
    bases = ["/static/", "/api/runs/", f"/api/runs/{run_id}/pictures/", "/", "/api/runs/x/../../", "/api/recipes/"]
    rng = random.Random(0)
    paths = [
        rng.choice(bases) + "".join(rng.choice((part, part + "/")) for part in rng.choices(parts, k=rng.randint(1, 5)))
        for _ in range(10_000)
    ]
    known = {"/", f"/api/runs/{run_id}", *(f"/static/{name}" for name in ("app.js",))}
    escapes = 0
    for path, answer in zip(paths, ask_all(looking, paths, headers=BEARER), strict=True):
        escapes += secret.encode() in answer.body or b"root:" in answer.body
        assert answer.status in (200, 400, 404, 500), path
        if answer.status == 200:
            assert path.split("?")[0] in known or answer.header("content-type").startswith(
                ("text/html", "application/json")
            )
    assert escapes == 0
    keys = ask(looking, f"/api/runs/{run_id}", headers=BEARER).json()["pictures"]
    ((key, name, _),) = keys
    assert name == "linked.png"
    assert ask(looking, f"/api/runs/{run_id}/pictures/{key}", headers=BEARER).status == 400, "it leads out of the run"


def test_names_are_sent_as_text_in_json(tmp_path: Path) -> None:
    run_id = make_run(tmp_path, curves={text: [1.0] for text in SCRIPTS})
    for name in SCRIPTS[:2]:
        (tmp_path / run_id).rename(tmp_path / name.replace("/", "_"))
        run_id = name.replace("/", "_")
        for path in ("/api/runs", f"/api/runs/{run_id.replace('<', '%3C')}", "/api/others"):
            answer = ask(door(tmp_path), path, headers=BEARER)
            assert answer.status == 200
            assert answer.header("content-type") == "application/json"
            assert answer.header("x-content-type-options") == "nosniff"
    told = ask(door(tmp_path), f"/api/runs/{run_id}", headers=BEARER).json()
    assert sorted(told["names"]) == sorted(SCRIPTS)


def test_what_is_not_there_is_told_in_json(tmp_path: Path) -> None:
    for method, path, status in (("GET", "/api/nothing", 404), ("PUT", "/api/runs", 405), ("GET", "/api/runs/x", 404)):
        answer = ask(door(tmp_path), path, method, BEARER)
        assert answer.status == status
        assert set(answer.json()) == {"error"}
    about = ask(door(tmp_path), "/api/about", headers=BEARER).json()
    assert (about["runs"], about["launch"]) == (str(tmp_path), False)


def test_a_large_body_is_refused(tmp_path: Path) -> None:
    answer = ask(door(tmp_path, launch=True), "/api/trainings", "POST", BEARER, json_body={"recipe": "x" * 2_000_000})
    assert answer.status == 413


def test_the_server_needs_no_torch() -> None:
    program = "import sys, palestra.studio.server, palestra.cli.studio; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_each_start_has_an_address_of_its_own(tmp_path: Path) -> None:
    with listen() as one, listen() as other:
        urls = {Open(tmp_path, made).url for made in (one, other, one)}
    assert len(urls) == 3
    assert all(url.startswith("http://127.0.0.1:") and "/?token=" in url for url in urls)
    assert HOST not in urls
