"""Whether the file beside this one says what the training said: python parity.py [FOLDER]

It asks the file for what it says of the inputs in parity.safetensors, all at once and some of them one by one, and
compares. Exit status 0 if every number is as near as artefact.json promises and every choice the same, else 1. It needs
NumPy, safetensors, and onnxruntime for model.onnx or torch for model.pt2; of Palestra it needs nothing.
"""

import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ALONE = 3
"""Inputs that are asked for one by one too."""
LIMIT = 1e-5
"""Of the difference between two numbers, as a share of the expected one where that is larger than 1."""

Arrays = dict[str, Any]
"""Names to arrays (n, ...)."""


def asker(folder: Path, about: dict[str, Any]) -> Callable[[Arrays], Arrays]:
    """From arrays of the inputs to what the file says of them."""
    path, names = folder / about["file"], [each["name"] for each in about["outputs"]]
    if about["to"] == "onnx":
        session = importlib.import_module("onnxruntime").InferenceSession(
            path.read_bytes(), providers=["CPUExecutionProvider"]
        )
        return lambda given: dict(zip(names, session.run(names, given)))
    import torch

    module = torch.export.load(path).module()

    def ask(given: Arrays) -> Arrays:
        with torch.no_grad():
            said = module(*(torch.from_numpy(np.array(given[each["name"]])) for each in about["inputs"]))
        return {name: x.numpy() for name, x in zip(names, said)}

    return ask


def difference(expected: Any, found: Any) -> float:
    """The largest between two arrays of numbers, as ``LIMIT`` counts it; infinite where they are of different kinds."""
    if expected.shape != found.shape or expected.dtype != found.dtype:
        return float("inf")
    if not np.issubdtype(expected.dtype, np.floating):
        return float("inf") if (expected != found).any() else 0.0
    same = (expected == found) | (np.isnan(expected) & np.isnan(found))
    if same.all():
        return 0.0
    wanted, said = expected[~same].astype(np.float64), found[~same].astype(np.float64)
    with np.errstate(invalid="ignore"):  # one infinity against another
        far = np.abs(said - wanted) / np.maximum(1.0, np.abs(wanted))
    return float(np.nan_to_num(far, nan=np.inf).max())


def trial(folder: Path) -> dict[str, float]:
    """The largest difference of every output of the file in a folder."""
    from safetensors.numpy import load_file

    about = json.loads((folder / "artefact.json").read_text())
    stored = load_file(folder / "parity.safetensors")
    given = {each["name"]: stored[f"input.{each['name']}"] for each in about["inputs"]}
    ask = asker(folder, about)
    whole = ask(given)
    alone = [ask({name: x[i : i + 1] for name, x in given.items()}) for i in range(ALONE)]
    found = {}
    for each in about["outputs"]:
        name = each["name"]
        wanted = stored[f"output.{name}"]
        singles = np.concatenate([one[name] for one in alone])
        found[name] = max(difference(wanted, whole[name]), difference(wanted[:ALONE], singles))
    return found


def main(argv: list[str]) -> int:
    """Print what was found; the exit status."""
    found = trial(Path(argv[0]) if argv else Path(__file__).parent)
    for name, far in found.items():
        print(f"{name}: largest difference {far:.2g}, at most {LIMIT:g}")
    return int(max(found.values()) > LIMIT)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
