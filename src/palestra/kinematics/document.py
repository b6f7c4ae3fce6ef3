"""XML from elsewhere, read so that it can do no harm: bounded, without entities, every mistake said in one line."""

import math
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path

from palestra.errors import UsageError, require

MOST_BYTES = 4 * 2**20
"""Of a robot's file: its meshes are other files, which are not read."""


def read_xml(path: str | Path) -> ET.Element:
    """The root of a document. UsageError for none, one that is too large, is not UTF-8, or declares entities."""
    path = Path(path)
    require(path.is_file(), f"robot {str(path)!r}", "a URDF or MuJoCo file that exists")
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    require(len(data) <= MOST_BYTES, f"robot {str(path)!r} of more than {MOST_BYTES >> 20} MiB", "a smaller file")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"robot {str(path)!r} is no text in UTF-8 ({error.reason}); expected a robot's XML") from error
    # a document type is where entities are declared, and no robot needs one
    require("<!DOCTYPE" not in text and "<!ENTITY" not in text, f"robot {str(path)!r} with a DOCTYPE", "none")
    try:
        return ET.fromstring(text)
    except (ET.ParseError, ValueError) as error:
        raise UsageError(f"robot {str(path)!r} is no XML ({error}); expected a URDF or MuJoCo file") from error


def numbers(attributes: Mapping[str, str], name: str, default: str, count: int, owner: str) -> list[float]:
    """So many finite numbers of an attribute; UsageError for anything else, with whose it is."""
    text = attributes.get(name, default)
    try:
        found = [float(word) for word in text.split()]
    except ValueError:
        found = []
    good = len(found) == count and all(math.isfinite(each) for each in found)
    expected = "a finite number" if count == 1 else f"{count} finite numbers"
    require(good, f"{name}={text!r} of {owner}", expected)
    return found
