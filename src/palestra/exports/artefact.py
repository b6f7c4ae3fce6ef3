"""A function as a file for others, tried before it appears: with it a thousand inputs, what the run says of each, and a
script that asks the file the same.
"""

from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file

import palestra
from palestra.engine.agent import Agent
from palestra.engine.learner import Learner
from palestra.envs.space_json import space_to_json
from palestra.errors import PalestraError
from palestra.exports import parity, programs
from palestra.exports.drawn import COUNT, draw
from palestra.exports.functions import HUB, Function, function_of
from palestra.exports.publishing import Exported, publishing
from palestra.runs import atomic
from palestra.runs.provenance import machine_facts

Format = Literal["onnx", "torch-export"]
FILES: dict[Format, str] = {"onnx": "model.onnx", "torch-export": "model.pt2"}
"""What is written to the name of the file."""
TRACED = 5
"""Samples that a function is traced with; the file takes any number."""


def write_function(learner: Learner, to: Format, folder: Path, *, name: str, seed: int = 0) -> Exported:
    """Write what a learner has learned, which is not to be trained any more: its networks multiply in float32 from now.

    Args:
        learner: which.
        to: the format.
        folder: new or empty; it gets the file, ``artefact.json``, ``parity.safetensors`` and ``parity.py``.
        name: of the run, for the record.
        seed: of the inputs.

    Raises UsageError for what is no function of tensors, with a way out; PalestraError if the file says anything else
    than the learner does, and then nothing is written.
    """
    if to == "onnx":
        programs.check_onnx()
    function = function_of(learner)
    given, where = draw(learner, seed)
    wanted = function.expected(given)
    program = programs.traced(function, [torch.from_numpy(x[:TRACED].copy()) for x in given.values()], name)
    about = _about(learner, to, function, wanted, name)
    with publishing(folder) as hidden:
        if to == "onnx":
            programs.write_onnx(program, function, hidden / FILES[to], about, name)
        else:
            programs.write_archive(program, hidden / FILES[to], about)
        stored = {f"input.{key}": x for key, x in given.items()} | {f"output.{key}": x for key, x in wanted.items()}
        save_file({key: np.ascontiguousarray(x) for key, x in stored.items()}, hidden / "parity.safetensors")
        (hidden / "parity.py").write_bytes(Path(parity.__file__).read_bytes())
        atomic.write_json(hidden / "artefact.json", about)
        found = _tried(hidden, to, name, where)
        trial = {"inputs": COUNT, "seed": seed, "where": where, "limit": parity.LIMIT, "largest": found}
        atomic.write_json(hidden / "artefact.json", {**about, "trial": trial})
    facts = {"inputs": about["inputs"], "outputs": about["outputs"], "trial": trial}
    return Exported(folder, to, folder / FILES[to], learner.name, learner.clock, facts)


def _tried(folder: Path, to: Format, name: str, where: str) -> dict[str, float]:
    """The largest difference of each output. PalestraError where one is too large."""
    try:
        found = parity.trial(folder)
    except Exception as error:  # of whatever the runtime cannot do
        said = str(error).strip().splitlines() or [type(error).__name__]
        raise PalestraError(f"{FILES[to]} of {name} cannot be run here: {said[0][:300]}; {HUB}") from error
    far = [f"{each} by {value:.2g}" for each, value in found.items() if not value <= parity.LIMIT]
    if far:
        raise PalestraError(
            f"{FILES[to]} of {name} says something else than the run, {', '.join(far)} of {COUNT:,} inputs, {where};"
            f" expected at most {parity.LIMIT:g} and the same choices, so nothing was written; {HUB}"
        )
    return found


def _about(
    learner: Learner, to: Format, function: Function, wanted: dict[str, NDArray[Any]], name: str
) -> dict[str, Any]:
    """What somebody may want to know who has the file and nothing else, as JSON values."""
    spaces = {}
    if isinstance(learner, Agent):
        named = {"observation": learner.env.observed.own, "action": learner.env.action_space}
        spaces = {"spaces": {key: space_to_json(space) for key, space in named.items()}}
    outputs = [
        {"name": each, "dtype": str(wanted[each].dtype), "shape": list(wanted[each].shape[1:])}
        for each in function.outputs
    ]
    return {
        "format": 1,
        "to": to,
        "file": FILES[to],
        "inputs": [{**each._asdict(), "shape": list(each.shape)} for each in function.inputs],
        "outputs": outputs,
        **({"labels": list(function.labels)} if function.labels else {}),
        **spaces,
        "run": name,
        "step": learner.clock,
        **learner.describe(),
        "made": {"palestra": palestra.__version__, **machine_facts()["versions"]},
    }
