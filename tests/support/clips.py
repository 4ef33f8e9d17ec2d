"""Pictures, clips of them in every form that a camera may have, and the simplest analysis."""

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from services.physiology_server.signals.frame import Frame, Signals

WIDTH, HEIGHT = 160, 120
FPS = 30


class Brightness:
    """Measures the mean of each channel, so that a test can tell pictures apart."""

    def __init__(self, fps):
        self.fps = fps
        self.resets = 0
        self.shapes = set()

    def analyse(self, rgb, time_s, index):
        self.shapes.add(rgb.shape)
        red, green, blue = (float(rgb[..., channel].mean()) for channel in range(3))
        return Frame(index, time_s, Signals(pulse=red, upper_breathing=green, lower_breathing=blue))

    def reset(self):
        self.resets += 1


def luma(count, *, level=None, seed=1):
    """Grey pictures with the noise of a sensor; the level of each is 40, 43, 46... or given."""
    noise = np.random.default_rng(seed).integers(-8, 9, (count, HEIGHT, WIDTH))
    levels = 40 + 3 * (np.arange(count) % 60) if level is None else np.full(count, level)
    return (levels[:, None, None] + noise).astype(np.uint8)


def yuyv(grey):
    """Raw YUYV bytes, as a camera gives them."""
    pixels = np.full((*grey.shape, 2), 128, np.uint8)
    pixels[..., 0] = grey
    return pixels.tobytes()


def y4m_header(fps=FPS):
    return f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{fps}:1 Ip A1:1 Cmono\n".encode()


def y4m_frame(grey):
    return b"FRAME\n" + grey.tobytes()


def y4m(grey, fps=FPS):
    """A whole clip that FFmpeg can read forwards."""
    return y4m_header(fps) + b"".join(y4m_frame(picture) for picture in grey)


def write_video(path: Path, count: int, fps: int = FPS) -> Path:
    """An AVI with MJPEG, of `count` pictures at a steady rate."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (WIDTH, HEIGHT))
    for grey in luma(count):
        writer.write(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR))
    writer.release()
    return path


def write_uneven_video(path: Path, times_ms: list[int]) -> Path:
    """A Matroska file whose pictures have just these times."""
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuvj420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for time_ms, grey in zip(times_ms, luma(len(times_ms)), strict=True):
            rgb = np.repeat(grey[..., None], 3, axis=2)
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="yuvj420p")
            frame.pts, frame.time_base = time_ms, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def without_rate(path: Path) -> Path:
    """
    Take the frame rate out of a Matroska file's header, as a browser leaves it out.

    FFmpeg then makes it of the file's time base, which is a thousandth of a second.
    """
    raw = path.read_bytes()
    at = raw.index(b"\x23\xe3\x83")  # DefaultDuration becomes an element that says nothing
    size = 4 + (raw[at + 3] & 0x7F)
    nothing = b"\xec" + bytes([0x80 | (size - 2)]) + bytes(size - 2)
    path.write_bytes(raw[:at] + nothing + raw[at + size :])
    return path
