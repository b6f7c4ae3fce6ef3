"""Writes videos that any browser plays: H.264 in mp4 through PyAV, else animated WebP through Pillow.

PyAV's wheels carry FFmpeg with libx264 (GPL), which is why it is an extra. Animated WebP (every browser since 2020)
needs nothing that matplotlib does not bring; beside GIF it keeps all colours and is written in a fifth of the time.
"""

import itertools
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from palestra.errors import UsageError
from palestra.runs.atomic import replacing

Frame = NDArray[np.uint8]


def write_video(path: Path, frames: Iterable[Frame], fps: float) -> Path:
    """Write frames to ``path`` with ``.mp4`` appended, or ``.webp`` without the [video] extra.

    Each frame is (H, W, 3) uint8 RGB, all of one shape; they are taken one at a time. H.264 halves the colour
    planes, so in an mp4 an odd height or width is padded by repeating the last row or column. The file
    appears whole. Returns its path. Raises UsageError for no frames, a wrong frame or a frame rate that is
    not positive, PalestraError where the disk refuses.
    """
    if not fps > 0:
        raise UsageError(f"fps={fps}; expected a positive number of frames per second")
    checked = _checked(frames)
    mp4 = _has_h264()
    final = path.with_name(path.name + (".mp4" if mp4 else ".webp"))
    with replacing(final) as temporary:
        (_write_mp4 if mp4 else _write_webp)(temporary, checked, fps)
    return final


def is_frame(image: Any) -> TypeGuard[Frame]:
    """Whether it is an array (H, W, 3) uint8."""
    return isinstance(image, np.ndarray) and image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3


def _checked(frames: Iterable[Frame]) -> Iterator[Frame]:
    shape = None
    for i, frame in enumerate(frames):
        if not is_frame(frame):
            raise UsageError(f"frame {i} is {frame.dtype} {frame.shape}; expected uint8 (height, width, 3)")
        if shape not in (None, frame.shape):
            raise UsageError(f"frame {i} is {frame.shape}, those before it {shape}; expected one shape")
        shape = frame.shape
        yield frame
    if shape is None:
        raise UsageError("a video of no frames; expected at least one")


def _has_h264() -> bool:
    try:
        import av
    except ImportError:
        return False
    return "libx264" in av.codecs_available


def _write_mp4(path: Path, frames: Iterator[Frame], fps: float) -> None:
    import av
    from av.video.reformatter import Colorspace, VideoReformatter

    # faststart puts the index first, so that a browser plays before it has the whole file.
    with av.open(path, "w", format="mp4", options={"movflags": "+faststart"}) as container:
        # 500 frames of 600 by 400 take about a second; slower presets cost more time than the kilobytes are
        # worth.
        options = {"preset": "veryfast", "crf": "20"}
        stream: Any = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1000), options=options)
        first = next(frames)
        height, width = first.shape[:2]
        padding = ((0, height % 2), (0, width % 2), (0, 0))
        stream.height, stream.width = height + height % 2, width + width % 2
        # Said in the file, since players guess differently when it is not.
        stream.colorspace = stream.color_primaries = stream.color_trc = Colorspace.ITU709
        reformatter = VideoReformatter()
        for frame in itertools.chain((first,), frames):
            picture = av.VideoFrame.from_ndarray(np.pad(frame, padding, mode="edge"), format="rgb24")
            # threads=1: the default starts threads for every frame, which takes ten times as long.
            picture = reformatter.reformat(picture, format="yuv420p", dst_colorspace=Colorspace.ITU709, threads=1)
            container.mux(stream.encode(picture))
        container.mux(stream.encode())


def _write_webp(path: Path, frames: Iterator[Frame], fps: float) -> None:
    from PIL import Image

    pictures = map(Image.fromarray, frames)
    first = next(pictures)
    # method=0 and no key frames after the first: half the time, and a loop needs no seeking.
    first.save(
        path, "WEBP", save_all=True, append_images=pictures, loop=0, duration=max(1, round(1000 / fps)),
        method=0, quality=70, kmin=9998, kmax=9999,
    )  # fmt: skip
