"""What a run learned, for others: ``palestra.export``."""

from pathlib import Path
from typing import Literal

from palestra.errors import require
from palestra.exports.artefact import FILES, write_function
from palestra.exports.hub import write_hub
from palestra.exports.publishing import Exported, check_free
from palestra.nets.own import Networks
from palestra.trials.saved import Which, load, saved_folder

Target = Literal["onnx", "torch-export", "hub"]
"""A file for ONNX Runtime, one for ``torch.export.load``, or a folder for a model hub."""


def export(
    run: str | Path,
    to: Target,
    folder: str | Path,
    *,
    out: str | Path = "runs",
    which: Which = "best",
    seed: int = 0,
    count: int | None = None,
    licence: str = "mit",
    networks: Networks | None = None,
) -> Exported:
    """Write what a run learned, for others.

    ``onnx`` and ``torch-export`` write one file with all that it takes to predict, which needs no Palestra: what an
    environment or a data set gives goes in, what ``predict`` says comes out. It is tried on a thousand inputs before it
    appears. ``hub`` writes the folder that a model hub takes, with a card, and sends it nowhere.

    Args:
        run: a run's folder or id, or what ``save`` wrote.
        to: what to write.
        folder: new or empty.
        out: folder of the runs.
        which: the checkpoint of the best evaluation, or the last one.
        seed: of the inputs that a file is tried on, or of the evaluation that a card tells.
        count: episodes (100 if None) or rows (all if None) of that evaluation.
        licence: of the weights, on a card, by the hub's name for it.
        networks: of the user's own, as of ``load``.

    Raises UsageError for what cannot be exported so, in one line with a way out; PalestraError if a file says anything
    else than the run does.
    """
    where = Path(folder)
    require(to in (*FILES, "hub"), f"to={to!r}", f"{', '.join(map(repr, FILES))} or 'hub'")
    if to == "hub":
        return write_hub(
            run, where, out=out, which=which, seed=seed, count=count, licence=licence, networks=networks
        )  # fmt: skip
    check_free(where)
    learner = load(run, out=out, which=which, device="cpu", networks=networks)
    try:
        return write_function(learner, to, where, name=saved_folder(run, out).name, seed=seed)
    finally:
        learner.close()
