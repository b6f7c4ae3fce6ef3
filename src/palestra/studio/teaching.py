"""Requests for what there is to learn: the documentation, the catalogue of recipes, and the playgrounds."""

import dataclasses
from typing import Any

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from palestra.pictures.numbers import number
from palestra.recipes.recipe import Recipe
from palestra.recipes.registry import RECIPES
from palestra.studio.answers import answer, read_object
from palestra.studio.folder import NotThereError
from palestra.studio.library import Library, find_docs
from palestra.studio.studio import Studio
from palestra.trials.records import read_record, spoken_record


def routes(studio: Studio, catalogue: list[dict[str, Any]]) -> list[Route]:
    """The requests of this file.

    Args:
        studio: which opens playgrounds.
        catalogue: of the playgrounds.
    """
    library = Library(find_docs())

    async def page(request: Request) -> Response:
        """A page of the documentation."""
        name, language = request.path_params["name"], request.query_params.get("lang", "en")
        return answer(await to_thread.run_sync(library.page, name, language))

    async def picture(request: Request) -> Response:
        """A picture in one."""
        content, media_type = await to_thread.run_sync(library.picture, request.path_params["name"])
        return Response(content, media_type=media_type)

    async def recipes(request: Request) -> Response:
        """Every recipe, in reading order."""
        return answer({"recipes": await to_thread.run_sync(_catalogue)})

    async def recipe(request: Request) -> Response:
        """A recipe, with every setting."""
        recipe_id = f"{request.path_params['task']}/{request.path_params['method']}"
        if recipe_id not in RECIPES:
            raise NotThereError(f"no recipe {recipe_id[:80]!r}; expected one of the list")
        more = await to_thread.run_sync(lambda: studio.work.ask("recipe", recipe=recipe_id))
        return answer({**_facts(RECIPES[recipe_id]), **more})

    async def playgrounds(request: Request) -> Response:
        """What can be played."""
        return answer({"playgrounds": catalogue})

    async def start(request: Request) -> Response:
        """Open a playground."""
        settings = await read_object(request)
        return answer(await to_thread.run_sync(studio.sessions.start, request.path_params["name"], settings), 201)

    async def session(request: Request) -> Response:
        """Ask a playground that is open, or close it."""
        name = request.path_params["session"]
        if request.method == "DELETE":
            await to_thread.run_sync(studio.sessions.close, name)
            return answer({"closed": name})
        command = await read_object(request)
        return answer(await to_thread.run_sync(studio.sessions.ask, name, command))

    return [
        Route("/api/pages/{name:path}", page),
        Route("/api/figures/{name}", picture),
        Route("/api/recipes", recipes),
        Route("/api/recipes/{task}/{method}", recipe),
        Route("/api/playgrounds", playgrounds),
        Route("/api/playgrounds/sessions/{session}", session, methods=["POST", "DELETE"]),
        Route("/api/playgrounds/{name}", start, methods=["POST"]),
    ]


def _catalogue() -> list[dict[str, Any]]:
    return [_facts(recipe) for recipe in RECIPES.values()]


def _facts(recipe: Recipe) -> dict[str, Any]:
    record = read_record(recipe)
    claim = recipe.claim
    told = f"{claim.metric.rpartition('/')[2]} {claim.sign} {number(claim.threshold)}" if claim else ""
    return {
        "id": recipe.id,
        "summary": recipe.summary,
        "paradigm": recipe.paradigm,
        "learner": recipe.learner,
        "source": recipe.source,
        "budget": recipe.budget,
        "unit": recipe.unit,
        "claim": {**dataclasses.asdict(claim), "told": told} if claim else None,
        "verified": spoken_record(recipe),
        "verdict": record.verdict.verdict if record is not None and record.fresh else None,
    }
