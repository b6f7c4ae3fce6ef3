"""Videos play, hold every frame in its colours, and appear whole."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from palestra.errors import UsageError
from palestra.pictures import video

COLOURS = [(255, 0, 0), (0, 255, 0), (20, 60, 200)]


def frames(count: int = 12, height: int = 40, width: int = 60) -> Iterator[video.Frame]:
    """Three bands of colour, and a white column that moves right by two pixels a frame."""
    for i in range(count):
        frame = np.repeat(np.array(COLOURS, np.uint8), -(-height // 3), axis=0)[:height, None].repeat(width, axis=1)
        frame[:, 2 * i : 2 * i + 2] = 255
        yield frame


def check_colours(frame: Any, i: int) -> None:
    height, width = 40, 60
    for band, colour in enumerate(COLOURS):
        spot = frame[band * 14 + 6, width - 15]
        assert np.abs(spot.astype(int) - colour).max() <= 6, (spot, colour)
    assert frame[height // 2, 2 * i : 2 * i + 2].min() > 200


def test_mp4(tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    path = video.write_video(tmp_path / "videos" / "best", frames(), fps=30)
    assert path == tmp_path / "videos" / "best.mp4"
    assert os.listdir(path.parent) == ["best.mp4"]
    with av.open(path) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width, stream.height, stream.average_rate) == (60, 40, 30)
        assert stream.codec_context.colorspace == 1  # BT.709, which the pixels must then be
        decoded = list(container.decode(video=0))
    assert len(decoded) == 12
    for i, frame in enumerate(decoded):
        check_colours(frame.to_ndarray(format="rgb24"), i)
    luma = decoded[0].to_ndarray(format="yuv420p")[6, 45]
    assert abs(int(luma) - (16 + 219 * 0.2126)) <= 2  # of pure red by BT.709; BT.601 has 81
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat"), "a browser must find the index first"


def test_odd_sizes_are_padded(tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    path = video.write_video(tmp_path / "odd", frames(3, height=41, width=61), fps=12.5)
    with av.open(path) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height, float(stream.average_rate)) == (62, 42, 12.5)


def test_webp_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video, "_has_h264", lambda: False)
    path = video.write_video(tmp_path / "best", frames(), fps=50)
    assert path == tmp_path / "best.webp"
    assert os.listdir(tmp_path) == ["best.webp"]
    with Image.open(path) as picture:
        assert picture.format == "WEBP"
        assert (picture.size, picture.n_frames, picture.info["loop"]) == ((60, 40), 12, 0)
        for i in range(12):
            picture.seek(i)
            picture.load()
            assert picture.info["duration"] == 20
            check_webp(np.asarray(picture.convert("RGB")))


def check_webp(frame: Any) -> None:
    for band, colour in enumerate(COLOURS):
        spot = frame[band * 14 + 6, 45]
        assert np.abs(spot.astype(int) - colour).max() <= 16, (spot, colour)


def no_frames() -> Iterator[video.Frame]:
    yield from ()


@pytest.mark.parametrize("h264", [True, False])
@pytest.mark.parametrize(
    ("given", "message"),
    [
        (no_frames(), "a video of no frames"),
        ([np.zeros((4, 4), np.uint8)], r"frame 0 is uint8 \(4, 4\); expected uint8 \(height, width, 3\)"),
        ([np.zeros((4, 4, 3), np.float32)], "frame 0 is float32"),
        ([np.zeros((4, 4, 3), np.uint8), np.zeros((6, 4, 3), np.uint8)], "frame 1 is .*; expected one shape"),
    ],
)
def test_wrong_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, h264: bool, given: Any, message: str) -> None:
    if not h264:
        monkeypatch.setattr(video, "_has_h264", lambda: False)
    with pytest.raises(UsageError, match=message):
        video.write_video(tmp_path / "x", given, fps=30)
    assert os.listdir(tmp_path) == []


def test_wrong_rate(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="fps=0; expected a positive"):
        video.write_video(tmp_path / "x", frames(), fps=0)


def test_a_failed_video_leaves_the_old_one(tmp_path: Path) -> None:
    path = video.write_video(tmp_path / "x", frames(), fps=30)
    before = path.read_bytes()

    def breaking() -> Iterator[video.Frame]:
        yield from frames(3)
        raise RuntimeError("the environment died")

    with pytest.raises(RuntimeError, match="the environment died"):
        video.write_video(tmp_path / "x", breaking(), fps=30)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == [path.name]
