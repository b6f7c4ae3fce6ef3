"""Requests that look at runs: the list, one run, its curves and pictures, and several runs side by side."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import anyio
import numpy as np
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from palestra.errors import PalestraError, UsageError, require
from palestra.recipes.registry import RECIPES
from palestra.runs import series
from palestra.runs.files import open_inside
from palestra.runs.query import Query, parse
from palestra.studio import live
from palestra.studio.answers import answer, read_number
from palestra.studio.packing import packed, packed_steps
from palestra.studio.studio import Studio
from palestra.trials.settings import settings_of

MOST_RUNS = 200
"""Of one chart."""
_POINTS = 600
"""Of a curve when nobody says."""
_PICTURE_BYTES = 64 << 20
_NOTHING = np.empty(0)
_SECONDS = "time/seconds"
"""The wall-clock series that says when each step was made."""
_TOLD = (
    "created", "steps", "seconds", "status", "ending", "headline", "best_step", "claim", "exact", "resumes", "lineage",
    "versions", "machine", "processor", "cpu_count", "threads", "git_commit", "data", "task", "method", "seed",
)  # fmt: skip
"""What a page shows of a manifest."""


def routes(studio: Studio) -> list[Route]:
    """The requests of this file."""
    look = Looking(studio)
    return [
        Route("/api/runs", _slow(look.runs)),
        Route("/api/others", _slow(look.others)),
        Route("/api/live/runs", look.live_runs),
        Route("/api/live/runs/{run}", look.live_run),
        Route("/api/runs/{run}", _slow(look.run)),
        Route("/api/runs/{run}/curves", _slow(look.curves)),
        Route("/api/runs/{run}/asked", _slow(look.asked)),
        Route("/api/runs/{run}/exhibits", _slow(look.exhibits)),
        Route("/api/runs/{run}/pictures/{key}", _slow(look.picture)),
        Route("/api/curves", _slow(look.overlaid)),
        Route("/api/settings", _slow(look.settings)),
        Route("/api/compare", _slow(look.compared)),
    ]


def _slow(view: Callable[[Request], Any]) -> Callable[[Request], Any]:
    """A request that reads the disk, in a thread; what it gives is sent as JSON unless it is an answer already."""

    async def respond(request: Request) -> Response:
        value = await to_thread.run_sync(view, request)
        return value if isinstance(value, Response) else answer(value)

    return respond


class Looking:
    """The requests.

    Args:
        studio: what they look at.
    """

    def __init__(self, studio: Studio):
        self._studio = studio

    def runs(self, request: Request) -> Any:
        """The rows that a filter means, and that changed after a cursor."""
        return self._studio.listing.since(read_number(request, "cursor") or 0, _query(request))

    def others(self, request: Request) -> Any:
        """What cannot be listed, and what was set aside."""
        return self._studio.listing.others()

    async def live_runs(self, request: Request) -> Response:
        """The same rows as they change, for as long as somebody listens."""
        query = _query(request)
        last = request.headers.get("last-event-id", "")
        cursor = int(last) if last.isdecimal() else read_number(request, "cursor") or 0
        return _events(self._row_events(cursor, query))

    async def _row_events(self, cursor: int, query: Query | None) -> AsyncIterator[str]:
        listing = self._studio.listing
        yield ": here\n\n"
        quiet = 0
        while not self._studio.leaving():
            news = await to_thread.run_sync(listing.since, cursor, query)
            quiet += 1
            if news["cursor"] != cursor and (news["rows"] or news["gone"]):
                quiet = 0
                yield f"id: {news['cursor']}\n{live.event('runs', news)}"
            elif quiet % 15 == 0:
                yield ": still here\n\n"
            cursor = news["cursor"]
            await anyio.sleep(1.0)

    def run(self, request: Request) -> Any:
        """All that is known of a run without PyTorch."""
        folder, run_id = self._studio.folder, request.path_params["run"]
        manifest, config = folder.manifest(run_id), folder.config(run_id)
        recipe = f"{manifest['task']}/{manifest['method']}"
        database = folder.metrics(run_id)
        damaged = ""
        try:
            names, timings = series.read_names(database), series.read_timing_names(database)
        except series.NoNumbersError:
            names, timings = [], []
        except PalestraError as error:
            names, timings, damaged = [], [], str(error)
        return {
            "id": run_id,
            "recipe": recipe,
            "known": recipe in RECIPES,
            "summary": RECIPES[recipe].summary if recipe in RECIPES else "",
            "unit": RECIPES[recipe].unit if recipe in RECIPES else "steps",
            "config": config,
            "settings": settings_of(config),
            "manifest": {name: manifest.get(name) for name in _TOLD},
            "names": names,
            "timings": timings,
            "damaged": damaged,
            "checkpoints": folder.checkpoints(run_id),
            "pictures": [[each.key, each.name, each.media_type] for each in folder.pictures(run_id)],
        }

    def curves(self, request: Request) -> Any:
        """Curves of a run by their names, each with the cursor from which what is new is sent."""
        run_id, names = request.path_params["run"], request.query_params.getlist("name")
        require(len(names) <= live.MOST_NAMES, f"{len(names)} curves", f"at most {live.MOST_NAMES}")
        database = self._studio.folder.metrics(run_id)
        # The cursor first: a row that comes in between is in its curve already, and sent once more rather than never.
        last = _last_steps(database)
        timings = set(_quietly(series.read_timing_names, database))
        found = {name: self._curve(request, run_id, name, timing=name in timings) for name in names}
        told: dict[str, Any] = {"curves": found, "cursor": {name: last.get(name, -1) for name in names}}
        if request.query_params.get("seconds"):
            told["clock"] = self._clock(run_id)
        return told

    def overlaid(self, request: Request) -> Any:
        """One curve of several runs."""
        ids, name = request.query_params.getlist("run"), request.query_params.get("name", "")
        require(len(ids) <= MOST_RUNS, f"{len(ids)} runs", f"at most {MOST_RUNS}")
        told: dict[str, Any] = {"curves": {run_id: self._curve(request, run_id, name) for run_id in ids}}
        if request.query_params.get("seconds"):
            told["clocks"] = {run_id: self._clock(run_id) for run_id in ids}
        return told

    def _curve(self, request: Request, run_id: str, name: str, *, timing: bool = False) -> dict[str, Any]:
        points = read_number(request, "points", _POINTS) or _POINTS
        first, last = read_number(request, "first"), read_number(request, "last")
        database = self._studio.folder.metrics(run_id)
        try:
            if timing:
                found = series.read_buckets(database, name, max(2, min(points, _POINTS)), first, last, timing=True)
            else:
                age = str(len(self._studio.folder.manifest(run_id)["resumes"]))
                found = self._studio.curves.read(database, name, points, first, last, age=age)
        except PalestraError:
            if database.is_file():
                raise
            return {"steps": packed_steps(_NOTHING), "mean": packed(_NOTHING)}
        told = {"steps": packed_steps(found.steps), "mean": packed(found.mean)}
        if not request.query_params.get("lines") and not (found.counts <= 1).all():
            told |= {"low": packed(found.low), "high": packed(found.high)}
        return told

    def _clock(self, run_id: str) -> dict[str, Any]:
        try:
            found = series.read_buckets(self._studio.folder.metrics(run_id), _SECONDS, _POINTS, timing=True)
        except PalestraError:
            return {"steps": packed_steps(_NOTHING), "seconds": packed_steps(_NOTHING)}
        return {"steps": packed_steps(found.steps), "seconds": packed_steps(found.high)}

    async def live_run(self, request: Request) -> Response:
        """What happens in a run."""
        path = self._studio.folder.path(request.path_params["run"])
        text = request.headers.get("last-event-id") or request.query_params.get("cursor", "")
        return _events(live.of_run(path, live.read_cursor(text), self._studio.leaving))

    def asked(self, request: Request) -> Any:
        """In what a run differs from its recipe, and how to ask for it again."""
        run_id = self._studio.folder.path(request.path_params["run"]).name
        try:
            return self._studio.work.ask("asked", run=run_id)
        except UsageError as error:  # its learner or its world is of a module that is not here, say
            return {"refused": str(error), "changes": None}

    def exhibits(self, request: Request) -> Any:
        """What a run has to show at one of its checkpoints."""
        run_id = self._studio.folder.path(request.path_params["run"]).name
        return self._studio.work.ask("exhibits", run=run_id, step=read_number(request, "step"))

    def picture(self, request: Request) -> Response:
        """A picture or a film that a run left."""
        folder, run_id = self._studio.folder, request.path_params["run"]
        found = folder.picture(run_id, request.path_params["key"])
        with open_inside(found.path, folder.path(run_id), _PICTURE_BYTES) as file:
            return Response(file.read(), media_type=found.media_type)

    def settings(self, request: Request) -> Any:
        """The settings in which some runs differ, with each one's value."""
        ids = request.query_params.getlist("run")
        require(1 <= len(ids) <= MOST_RUNS, f"{len(ids)} runs", f"from 1 to {MOST_RUNS}")
        return {"runs": ids, "settings": differing([settings_of(self._studio.folder.config(each)) for each in ids])}

    def compared(self, request: Request) -> Any:
        """Whether one kind of training beats another, or why that cannot be said of them."""
        try:
            return self._studio.work.ask("compare", runs=request.query_params.getlist("run"))
        except UsageError as error:
            return {"refused": str(error)}


def differing(asked: list[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Place of a setting to the value of each run, for those that are not the same in all."""
    names = dict.fromkeys(name for settings in asked for name in settings)
    told = {name: [settings.get(name) for settings in asked] for name in names}
    return {name: values for name, values in told.items() if len({json.dumps(value) for value in values}) > 1}


def _query(request: Request) -> Query | None:
    text = request.query_params.get("filter", "")
    if len(text) > 1_000:
        raise UsageError(f"a filter of {len(text):,} letters; expected at most 1,000")
    return parse(text) if text.strip() else None


def _quietly(read: Callable[[Any], list[str]], database: Any) -> list[str]:
    """Names in a database; none where there is none yet."""
    try:
        return read(database)
    except PalestraError:
        return []


def _last_steps(database: Any) -> dict[str, int]:
    try:
        return series.read_last_steps(database)
    except PalestraError:
        return {}


def _events(events: AsyncIterator[str]) -> Response:
    return StreamingResponse(events, media_type="text/event-stream", headers={"cache-control": "no-store"})
