from pathlib import Path
from typing import Any

from asgi import ask
from made_runs import make_run

from palestra.studio import doing
from palestra.studio.server import make_app
from palestra.studio.studio import Studio


def test_deleted_with_a_way_back(tmp_path: Path) -> None:
    run_id = make_run(tmp_path)
    app = make_app(Studio(tmp_path, launch=True), [])
    assert ask(app, f"/api/runs/{run_id}", "DELETE").json() == {"aside": run_id}
    assert ask(app, "/api/runs").json()["rows"] == []
    assert [each["id"] for each in ask(app, "/api/others").json()["aside"]] == [run_id]
    assert ask(app, f"/api/runs/{run_id}", "DELETE").status == 404
    assert ask(app, f"/api/aside/{run_id}", "POST").json() == {"back": run_id}
    assert [row["id"] for row in ask(app, "/api/runs").json()["rows"]] == [run_id]
    assert ask(app, "/api/aside/none", "POST").status == 400


def test_orders_reach_who_starts_trainings(tmp_path: Path) -> None:
    run_id = make_run(tmp_path)
    studio = Studio(tmp_path, launch=True)
    said: list[Any] = []

    class Launcher:
        def __getattr__(self, name: str) -> Any:
            return lambda *words: said.append((name, *words)) or {"stage": name}

    studio._launcher = Launcher()  # type: ignore[assignment]
    app = make_app(studio, [])
    for order in doing._ORDERS:
        assert ask(app, f"/api/runs/{run_id}/orders/{order}", "POST").json() == {"stage": order}
    assert ask(app, f"/api/runs/{run_id}/orders/eat", "POST").status == 400
    assert ask(app, "/api/trainings", "POST", json_body={"recipe": "a/b"}).status == 201
    assert said == [*((order, run_id) for order in doing._ORDERS), ("start", {"recipe": "a/b"})]


def test_who_only_looks_has_started_nothing(tmp_path: Path) -> None:
    assert ask(make_app(Studio(tmp_path), []), "/api/trainings").json() == {"trainings": []}
