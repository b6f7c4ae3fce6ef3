from pathlib import Path

import numpy as np
import pytest

from palestra.runs.metrics import MetricsWriter
from palestra.runs.series import Buckets, read_buckets
from palestra.studio import curves
from palestra.studio.curves import Curves, shortened


def write(path: Path, values: "np.ndarray[tuple[int], np.dtype[np.float64]]", first: int = 0) -> None:
    writer = MetricsWriter(path)
    for i, value in enumerate(values):
        writer.add(first + i, {"x": float(value)})
    writer.close()


@pytest.mark.parametrize("points", [2, 7, 100, 600, 1000])
def test_buckets_of_buckets_are_those_of_the_points(points: int) -> None:
    rng = np.random.default_rng(0)
    steps = np.sort(rng.choice(10**6, 900, replace=False))
    values = np.where(rng.random(900) < 0.1, np.nan, rng.normal(size=900))
    known = (~np.isnan(values)).astype(float)
    fine = Buckets(steps, values, values, values, known)
    got = shortened(fine, points)
    assert len(got.steps) <= max(points, 900 * (points >= 900))
    place = ((steps - steps[0]) * min(points, 900) // (steps[-1] - steps[0] + 1)) if points < 900 else np.arange(900)
    for i, bucket in enumerate(np.unique(place)):
        inside = values[place == bucket]
        inside = inside[~np.isnan(inside)]
        assert got.steps[i] == steps[place == bucket][-1]
        assert got.counts[i] == len(inside)
        expected = [inside.min(), inside.mean(), inside.max()] if len(inside) else [np.nan] * 3
        np.testing.assert_allclose([got.low[i], got.mean[i], got.high[i]], expected, rtol=1e-12)


def test_a_long_series_is_kept_and_grows_by_what_is_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curves, "KEPT", 64)
    path, rng = tmp_path / "metrics.db", np.random.default_rng(1)
    values = rng.normal(size=1500)
    write(path, values[:1000])
    asked: list[str] = []

    def watched(*words: object, **more: object) -> Buckets:
        asked.append("all")
        return read_buckets(*words, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(curves, "read_buckets", watched)
    kept = Curves()
    written = 1000
    for end in (1000, 1030, 1060, 1100, 1150):
        write(path, values[written:end], written)
        written = end
        got = kept.read(path, "x", 32)
        assert got.steps[-1] == end - 1
        assert got.low.min() == values[:end].min()
        assert got.high.max() == values[:end].max()
        assert got.counts.sum() == end
        np.testing.assert_allclose((got.mean * got.counts).sum() / end, values[:end].mean())
    assert asked == ["all"], "what is new is read, and nothing else"
    write(path, values[1150:], 1150)
    assert kept.read(path, "x", 32).counts.sum() == 1500
    assert asked == ["all", "all"], "more is new than is kept"


def test_a_part_is_as_fine_as_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curves, "KEPT", 64)
    path = tmp_path / "metrics.db"
    write(path, np.arange(1000.0))
    kept = Curves()
    assert len(kept.read(path, "x", 50).steps) == 50
    fine = kept.read(path, "x", 50, 100, 119)
    assert fine.steps.tolist() == list(range(100, 120)), "its rows, where the buckets that are kept are too coarse"
    coarse = kept.read(path, "x", 50, 0, 700)
    assert 40 <= len(coarse.steps) <= 50
    assert kept.read(path, "unknown", 50).steps.tolist() == []


def test_a_resume_that_wrote_other_rows_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "metrics.db"
    write(path, np.arange(10.0))
    kept = Curves()
    assert kept.read(path, "x", 50, age="0").mean.tolist() == list(range(10))
    writer = MetricsWriter(path)
    writer.truncate_after(4)
    writer.add(5, {"x": -1.0})
    writer.close()
    assert kept.read(path, "x", 50, age="1").mean.tolist() == [0, 1, 2, 3, 4, -1]


def test_nothing_is_read_where_nothing_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "metrics.db"
    write(path, np.arange(10.0))
    kept = Curves()
    first = kept.read(path, "x", 50)
    with monkeypatch.context() as patch:
        patch.setattr(curves, "read_after", lambda *_: pytest.fail("it was read"))
        patch.setattr(curves, "read_buckets", lambda *_: pytest.fail("it was read"))
        assert kept.read(path, "x", 50).mean.tolist() == first.mean.tolist()
    writer = MetricsWriter(path)
    writer.add(10, {"x": 10.0})
    writer.commit()
    assert kept.read(path, "x", 50).mean.tolist() == list(range(11)), "rows that are in the log alone are seen"
    writer.close()


def test_no_more_is_kept_than_there_is_room_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curves, "_MOST_SERIES", 2)
    path = tmp_path / "metrics.db"
    write(path, np.arange(3.0))
    kept = Curves()
    for name in ("x", "y", "z"):
        kept.read(path, name, 10)
    assert [key[1] for key in kept._kept] == ["y", "z"]
