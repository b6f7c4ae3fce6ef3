"""Functions of tensors as files: traced by ``torch.export``, and from there to ONNX or to PyTorch's own archive.

Neither file holds a pickle. An archive of ``torch.export.save`` would hold one, of the inputs that it was traced with;
they are left out, as nobody needs them.
"""

import importlib.util
import json
import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.export import Dim, ExportedProgram

from palestra.errors import PalestraError, missing_extra
from palestra.exports.functions import HUB, Function

NEEDED = ("onnx", "onnxscript", "onnxruntime")
"""Packages of the [export] extra."""


def check_onnx() -> None:
    """Raise UsageError, with the line that installs them, unless what ONNX files need is here."""
    if any(importlib.util.find_spec(name) is None for name in NEEDED):
        raise missing_extra("export", "an ONNX file")


def traced(function: Function, example: Sequence[Tensor], name: str) -> ExportedProgram:
    """A function as a graph of tensor operations, for any number of samples.

    Args:
        function: which.
        example: tensors such as it takes, of two samples or more.
        name: of what it is, for the error.

    Raises PalestraError for a function that does something else than follow its tensors.
    """
    batch = Dim("batch")
    shapes = {"inputs": tuple({0: batch} for _ in example)}
    try:
        # With gradients on, networks run as they are defined; without, they would cut up large batches.
        with warnings.catch_warnings(), torch.enable_grad():
            warnings.simplefilter("ignore")
            program = torch.export.export(function.module, tuple(example), dynamic_shapes=shapes, strict=False)
    except Exception as error:  # of whatever a trace meets
        raise _cannot(name, "torch.export", error) from error
    for key, held in program.constants.items():
        program.constants[key] = held.detach().clone()  # parameters are views of one vector, with all that is in it
    return program


def write_onnx(program: ExportedProgram, function: Function, path: Path, about: dict[str, Any], name: str) -> None:
    """Write a graph as an ONNX file, weights inside, with ``about`` as JSON among its metadata."""
    with warnings.catch_warnings(), _quiet("torch.onnx._internal.exporter._registration"):
        warnings.simplefilter("ignore")
        try:
            made = torch.onnx.export(
                program,
                input_names=[each.name for each in function.inputs],
                output_names=list(function.outputs),
                verbose=False,
            )
        except Exception as error:
            raise _cannot(name, "torch.onnx.export", error) from error
        assert made is not None  # which it is for graphs of this kind
        made.model.metadata_props["palestra"] = json.dumps(about)
        made.save(path, external_data=False)


def write_archive(program: ExportedProgram, path: Path, about: dict[str, Any]) -> None:
    """Write a graph as an archive for ``torch.export.load``, with ``about`` as JSON among its files."""
    program.example_inputs = None  # they alone would be pickled
    torch.export.save(program, path, extra_files={"artefact.json": json.dumps(about)})


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    """What a logger has to say is left unsaid: of packages, here, that nobody needs."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _cannot(name: str, who: str, error: Exception) -> PalestraError:
    said = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    return PalestraError(f"{name} cannot become one file: {who} says {said[:300]}; {HUB}")
