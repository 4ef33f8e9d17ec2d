"""Where the alternative client shows pictures."""

import io
import sys
import types
from pathlib import Path

import cv2
import numpy as np
import pytest

SAMPLES = Path(__file__).parents[3] / "samples"
RED, BLUE = (0, 0, 255), (255, 0, 0)


@pytest.fixture
def views(monkeypatch):
    monkeypatch.syspath_prepend(str(SAMPLES))
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("LINES", "20")
    import picture_views

    return picture_views


def jpeg(width=64, height=48):
    """Red above, blue below."""
    picture = np.full((height, width, 3), RED, np.uint8)
    picture[height // 2 :] = BLUE
    return cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, 100))[1].tobytes()


class Screen(io.StringIO):
    def __init__(self, *, is_terminal):
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self):
        return self._is_terminal


class FakeTk(types.ModuleType):
    """As much of tkinter as a window takes; it cannot be opened without a screen."""

    def __init__(self, *, has_screen=True):
        super().__init__("tkinter")
        self._has_screen = has_screen
        self.shown = []
        self.Label = lambda _root: self
        self.PhotoImage = lambda data: data

    def pack(self):
        pass

    def configure(self, image):
        self.shown.append(image)

    def Tk(self):  # noqa: N802  tkinter's name
        if not self._has_screen:
            raise RuntimeError("no display")
        nothing = lambda *_: None  # noqa: E731
        return types.SimpleNamespace(
            title=nothing, protocol=nothing, update=nothing, destroy=nothing
        )


def test_a_picture_fits_the_terminal_and_keeps_its_shape(views):
    """
    Each character is two pixels, one above the other.
    """
    lines = views.drawn(jpeg(), 40, 10, "24")

    assert [views.HALVES * 26] * 10 == [
        "".join(char for char in line if char == views.HALVES) for line in lines
    ]


@pytest.mark.parametrize(
    ("colours", "red", "blue"),
    [("24", r"38;2;25\d;\d;\d;48;2;25\d;\d;\d", r"38;2;\d;\d;25\d;48;2;\d;\d;25\d"),
     ("256", "38;5;196;48;5;196", "38;5;21;48;5;21")],
)  # fmt: skip
def test_colours_are_those_of_the_picture(views, colours, red, blue):
    """
    As many of them as the terminal has.
    """
    import re

    lines = views.drawn(jpeg(), 40, 10, colours)

    assert (True, True) == (bool(re.search(red, lines[0])), bool(re.search(blue, lines[-1])))


def test_a_damaged_picture_is_passed_over(views):
    """
    The one before stays.
    """
    out = Screen(is_terminal=True)
    views.Terminal(out).show(b"\xff\xd8")
    views.Terminal(out).show(b"")

    assert "" == out.getvalue()


def test_text_goes_on_below_the_picture_and_the_screen_is_left_as_it_was(views):
    """
    The lower half scrolls, and at the end all of it.
    """
    out = Screen(is_terminal=True)
    terminal = views.Terminal(out)
    terminal.show(jpeg())
    scrolling = out.getvalue()
    terminal.close()

    assert "\x1b[11;20r" in scrolling
    assert out.getvalue().removeprefix(scrolling).startswith("\x1b7\x1b[r")


def test_with_a_screen_pictures_are_shown_in_a_window(views, monkeypatch):
    """
    In a format that every Tk reads.
    """
    tk = FakeTk()
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setitem(sys.modules, "tkinter", tk)
    view = views.view_of("auto")
    view.show(jpeg())

    assert ("in a window", b"P6\n64 48\n255") == (view.where, tk.shown[0][:12])


def test_a_screen_that_lets_no_window_be_opened_leaves_the_terminal(views, monkeypatch):
    """
    As over ssh, when the variable stayed.
    """
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setitem(sys.modules, "tkinter", FakeTk(has_screen=False))
    monkeypatch.setattr(sys, "stdout", Screen(is_terminal=True))

    assert "in the terminal" == views.view_of("auto").where


@pytest.mark.parametrize(("is_terminal", "term"), [(False, "xterm"), (True, "dumb")])
def test_a_pipe_gets_no_picture(views, monkeypatch, is_terminal, term):
    """
    Nor does a terminal that cannot place one.
    """
    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr(sys, "stdout", Screen(is_terminal=is_terminal))
    view = views.view_of("auto")
    view.show(jpeg())
    view.close()

    assert "" == sys.stdout.getvalue()


def test_a_window_that_was_asked_for_and_cannot_be_opened_is_said(views, monkeypatch):
    """
    Rather than nothing shown.
    """
    monkeypatch.setitem(sys.modules, "tkinter", FakeTk(has_screen=False))

    with pytest.raises(OSError, match="no window can be opened: no display"):
        views.view_of("window")
