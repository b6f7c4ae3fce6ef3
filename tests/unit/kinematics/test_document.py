"""What comes from elsewhere does no harm: entities, other encodings, size, and what is no number."""

from pathlib import Path

import pytest

from palestra.errors import UsageError
from palestra.kinematics import document
from palestra.kinematics.document import numbers, read_xml

LAUGHS = """<!DOCTYPE robot [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><robot name="&b;"/>"""


def test_a_document_is_read(tmp_path: Path) -> None:
    path = tmp_path / "robot.urdf"
    path.write_text('\ufeff<?xml version="1.0" encoding="utf-8"?><robot name="\u00e9"/>')
    assert read_xml(path).get("name") == "\u00e9"


def test_what_could_do_harm_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "robot.urdf"
    for content, said in (
        (LAUGHS.encode(), "with a DOCTYPE; expected none"),
        (LAUGHS.encode("utf-16"), "is no text in UTF-8"),
        (b"<robot>", "is no XML"),
        (b"", "is no XML"),
        (b"\x00" * 10, "is no XML"),
    ):
        path.write_bytes(content)
        with pytest.raises(UsageError, match=said):
            read_xml(path)
    with pytest.raises(UsageError, match="a URDF or MuJoCo file that exists"):
        read_xml(tmp_path / "none.urdf")
    monkeypatch.setattr(document, "MOST_BYTES", 2**20)
    path.write_text("<robot>" + " " * 2**20 + "</robot>")
    with pytest.raises(UsageError, match="of more than 1 MiB; expected a smaller file"):
        read_xml(path)


def test_numbers_are_finite_and_as_many_as_expected() -> None:
    assert numbers({"xyz": " 1 -2.5\t3e-1 "}, "xyz", "0 0 0", 3, "it") == [1.0, -2.5, 0.3]
    assert numbers({}, "xyz", "0 0 0", 3, "it") == [0.0, 0.0, 0.0]
    for text in ("1 2", "1 2 3 4", "1 2 x", "1 2 nan", "1 2 inf", ""):
        with pytest.raises(UsageError, match="of joint 'a'; expected 3 finite numbers"):
            numbers({"xyz": text}, "xyz", "0 0 0", 3, "joint 'a'")
    with pytest.raises(UsageError, match="expected a finite number"):
        numbers({"lower": "1e999"}, "lower", "0", 1, "joint 'a'")
