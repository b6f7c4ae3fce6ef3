"""Requests that change something: trainings, and what is deleted with a way back. All of them need --allow-launch."""

from collections.abc import Callable
from typing import Any

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from palestra.errors import UsageError
from palestra.runs.aside import bring_back, set_aside
from palestra.studio.answers import answer, read_object
from palestra.studio.studio import Studio

_ORDERS = ("pause", "step", "resume", "stop")


def routes(studio: Studio) -> list[Route]:
    """The requests of this file."""

    async def trainings(request: Request) -> Response:
        """Those that were started here, or one more."""
        if request.method == "GET":
            return answer({"trainings": await _aside(studio.launcher.states) if studio.launch else []})
        asked = await read_object(request)
        return answer(await _aside(studio.launcher.start, asked), 201)

    async def order(request: Request) -> Response:
        """Pause a training, let it make one step, let it go on, or stop it."""
        name = request.path_params["order"]
        if name not in _ORDERS:
            raise UsageError(f"order {name[:40]}; expected one of {', '.join(_ORDERS)}")
        launcher = studio.launcher
        orders: dict[str, Callable[..., Any]] = {
            "pause": launcher.pause, "step": launcher.step, "resume": launcher.resume, "stop": launcher.stop,
        }  # fmt: skip
        return answer(await _aside(orders[name], request.path_params["run"]))

    async def delete(request: Request) -> Response:
        """Set a run aside, for a day."""
        studio.check_changing()
        await _aside(set_aside, studio.folder.root, studio.folder.path(request.path_params["run"]).name)
        studio.listing.forget()
        return answer({"aside": request.path_params["run"]})

    async def back(request: Request) -> Response:
        """Bring a run back."""
        studio.check_changing()
        await _aside(bring_back, studio.folder.root, request.path_params["run"])
        studio.listing.forget()
        return answer({"back": request.path_params["run"]})

    return [
        Route("/api/trainings", trainings, methods=["GET", "POST"]),
        Route("/api/runs/{run}/orders/{order}", order, methods=["POST"]),
        Route("/api/runs/{run}", delete, methods=["DELETE"]),
        Route("/api/aside/{run}", back, methods=["POST"]),
    ]


async def _aside(work: Callable[..., Any], *words: Any) -> Any:
    """What some work gives that takes its time, in a thread."""
    return await to_thread.run_sync(work, *words)
