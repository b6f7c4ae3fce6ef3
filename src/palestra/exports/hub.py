"""A folder for a model hub: the card, what was learned as safetensors, the settings, the figures, the film.

Nothing is sent anywhere. ``palestra.load`` reads the folder, whoever gets it. An agent goes in by its networks, and not
by what it remembers: a replay may be a thousand times as large, and nobody acts by it.
"""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from palestra.engine import checkpoint, state
from palestra.engine.agent import Agent
from palestra.engine.learner import Learner
from palestra.exports.card import Told, card, result
from palestra.exports.drawn import draw
from palestra.exports.functions import function_of, why_no_function
from palestra.exports.publishing import Exported, check_free, publishing
from palestra.nets.own import Networks
from palestra.runs import atomic
from palestra.runs.provenance import installed_packages, machine_facts
from palestra.runs.store import ENVIRONMENT, MANIFEST, read_config, read_manifest
from palestra.trials.measuring import judge
from palestra.trials.plan import Plan, learner_from_json
from palestra.trials.saved import Which, load, saved_folder

CHECKED = 64
"""Observations on which networks by themselves have to act as the run does."""


def write_hub(
    run: str | Path,
    folder: Path,
    *,
    out: str | Path = "runs",
    which: Which = "best",
    seed: int = 0,
    count: int | None = None,
    licence: str = "mit",
    networks: Networks | None = None,
) -> Exported:
    """Write the folder of a run.

    Args:
        run: a run's folder or id, or what ``save`` wrote.
        folder: new or empty.
        out: folder of the runs.
        which: the checkpoint of the best evaluation, or the last one.
        seed: of the evaluation that the card tells.
        count: its episodes (100 if None), or rows (all if None).
        licence: of the weights, by the hub's name for it.
        networks: of the user's own, as of ``load``.
    """
    check_free(folder)
    source = saved_folder(run, out)
    learner = load(run, out=out, which=which, device="cpu", networks=networks)
    kept = learner
    try:
        with publishing(folder) as hidden:
            shutil.copyfile(source / "config.json", hidden / "config.json")
            kept = _without_memory(learner, source, networks)
            checkpoint.save(kept, hidden / "checkpoints")
            packages = source / ENVIRONMENT
            listed = packages.read_text() if packages.is_file() else installed_packages()
            (hidden / "requirements.txt").write_text(listed)
            film = _newest_film(source)
            if film is not None:
                shutil.copyfile(film, hidden / "replay.mp4")
            judged = judge(hidden, count=count, seed=seed, which="last", device="cpu", networks=networks)
            told = Told(
                _plan(source, learner.clock), source.name, judged, seed, _versions(source), licence, film is not None
            )
            found = {**result(told), "eval_datetime": datetime.now(UTC).isoformat(timespec="seconds")}
            atomic.write_json(hidden / "results.json", found)
            (hidden / "README.md").write_text(card(told))
    finally:
        learner.close()
        if kept is not learner:
            kept.close()
    return Exported(folder, "hub", folder / "README.md", learner.name, learner.clock, found)


def _without_memory(learner: Learner, folder: Path, networks: Networks | None) -> Learner:
    """An agent of the same networks that remembers nothing, if it acts as this one; else the learner itself."""
    if not isinstance(learner, Agent) or not list(learner.modules.parameters()) or why_no_function(learner):
        return learner
    fresh = learner_from_json(read_config(folder), "cpu", networks, learner.source)
    assert isinstance(fresh, Agent)
    state.adopt(fresh, learner.state_dict())
    fresh.clock = learner.clock
    given, _ = draw(learner, count=CHECKED)
    if _same(learner, fresh, given):
        return fresh
    fresh.close()
    return learner


def _same(one: Learner, other: Learner, given: dict[str, Any]) -> bool:
    """Whether two agents act alike to the last bit."""
    said, again = (function_of(agent).expected(given) for agent in (one, other))
    return all(torch.equal(torch.from_numpy(said[name]), torch.from_numpy(again[name])) for name in said)


def _newest_film(folder: Path) -> Path | None:
    films = sorted((folder / "videos").glob("[!.]*.mp4"), key=lambda path: path.stat().st_mtime)
    return films[-1] if films else None


def _plan(folder: Path, clock: int) -> Plan:
    """What was asked for; of what ``save`` wrote, which says of no budget, how far it went."""
    config = read_config(folder)
    config["training"] = {"budget": max(1, clock), **config["training"]}
    return Plan.from_json(config)


def _versions(folder: Path) -> dict[str, Any]:
    """Of the packages that it was trained with; those that are here, where nobody wrote them down."""
    if (folder / MANIFEST).is_file():
        return dict(read_manifest(folder).get("versions", {}))
    return dict(machine_facts()["versions"])
