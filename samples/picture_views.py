"""Where pictures are shown: in a window, in the terminal, or nowhere."""

import os
import shutil
import sys
from typing import Protocol, TextIO

import cv2
import numpy as np

CHOICES = ("auto", "window", "terminal", "no")
TITLE = "physiology_server"

# A block whose upper half has the colour of the text, and the lower half that of the ground.
HALVES = "\N{UPPER HALF BLOCK}"


class View(Protocol):
    """A place for pictures. What it cannot show it passes over."""

    @property
    def where(self) -> str:
        """Where that is, for people."""
        ...

    def show(self, jpeg: bytes) -> None:
        """Show a picture in place of the one before."""
        ...

    def close(self) -> None:
        """Leave the screen as it was."""
        ...


class Nowhere:
    """Shows nothing."""

    where = "nowhere: there is no window and no terminal for it"

    def show(self, jpeg: bytes) -> None:
        """Pass it over."""

    def close(self) -> None:
        """Nothing was touched."""


class Terminal:
    """
    Shows pictures in the upper half of a terminal; text goes on in the lower half.

    Args:
        out: The terminal.
    """

    where = "in the terminal"

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._size = (0, 0)
        self._colours = "24" if os.environ.get("COLORTERM") in ("truecolor", "24bit") else "256"

    def show(self, jpeg: bytes) -> None:
        """Draw the picture at the top."""
        columns, lines = shutil.get_terminal_size()
        rows = lines // 2
        text = drawn(jpeg, columns, rows, self._colours)
        if text is None:
            return
        if self._size != (columns, lines):
            # Clear the screen, let only the lower part scroll, and write on at its end.
            self._out.write(f"\x1b[2J\x1b[{rows + 1};{lines}r\x1b[{lines};1H")
            self._size = (columns, lines)
        placed = "".join(f"\x1b[{row};1H{line}" for row, line in enumerate(text, 1))
        self._out.write(f"\x1b7{placed}\x1b[0m\x1b8")
        self._out.flush()

    def close(self) -> None:
        """Let the whole screen scroll again."""
        if self._size != (0, 0):
            self._out.write("\x1b7\x1b[r\x1b8\n")
            self._out.flush()


class Window:
    """
    Shows pictures in a window of their own.

    Raises:
        ImportError: If Python came without Tk.
        tkinter.TclError: If there is no screen.
    """

    where = "in a window"

    def __init__(self) -> None:
        import tkinter as tk  # noqa: PLC0415  not every Python came with it

        self._root: tk.Tk | None = tk.Tk()
        self._root.title(TITLE)
        self._root.protocol("WM_DELETE_WINDOW", self.close)
        self._label = tk.Label(self._root)
        self._label.pack()
        self._new_image = tk.PhotoImage

    def show(self, jpeg: bytes) -> None:
        """Draw the picture, unless a person has closed the window."""
        picture = decoded(jpeg)
        if self._root is None or picture is None:
            return
        image = self._new_image(data=cv2.imencode(".ppm", picture)[1].tobytes())
        self._label.configure(image=image)
        self._image = image  # Tk does not keep it
        self._root.update()

    def close(self) -> None:
        """Take the window away."""
        if self._root is not None:
            self._root.destroy()
        self._root = None


def view_of(choice: str) -> View:
    """
    The view that *choice* names; `auto` takes the first one that there is.

    Raises:
        OSError: If there is none of the kind that was asked for.
    """
    if choice == "window" or (choice == "auto" and has_screen()):
        try:
            return Window()
        except Exception as exc:  # no Tk, or no screen, for which Tk has an error of its own
            if choice == "window":
                raise OSError(f"no window can be opened: {exc}") from exc
    if choice == "terminal" or (choice == "auto" and is_terminal()):
        return Terminal(sys.stdout)
    return Nowhere()


def has_screen() -> bool:
    """Tell whether windows can be opened, as far as can be known without trying."""
    variables = ("DISPLAY", "WAYLAND_DISPLAY")
    return sys.platform in ("darwin", "win32") or any(map(os.environ.get, variables))


def is_terminal() -> bool:
    """Tell whether standard output is a terminal that can place text."""
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def drawn(jpeg: bytes, columns: int, rows: int, colours: str) -> list[str] | None:
    """
    The picture as lines of text, each character two pixels; None if it cannot be decoded.

    Args:
        jpeg: The picture.
        columns: Most characters in a line.
        rows: Most lines.
        colours: `24` bits, or `256` of them.
    """
    picture = decoded(jpeg)
    if picture is None:
        return None
    height, width = picture.shape[:2]
    scale = min(columns / width, 2 * rows / height)
    size = (max(1, int(width * scale)), 2 * max(1, int(height * scale / 2)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)[:, :, ::-1].tolist()
    code = {"24": true_colour, "256": cube_colour}[colours]
    return [
        "".join(
            f"\x1b[38;{code(above)};48;{code(below)}m{HALVES}"
            for above, below in zip(upper, lower, strict=True)
        )
        + "\x1b[0m"
        for upper, lower in zip(small[::2], small[1::2], strict=True)
    ]


def true_colour(rgb: list[int]) -> str:
    """A colour as it is."""
    red, green, blue = rgb
    return f"2;{red};{green};{blue}"


def cube_colour(rgb: list[int]) -> str:
    """The nearest colour of the cube of 6 x 6 x 6 that every terminal of today has."""
    red, green, blue = (round(level / 51) for level in rgb)
    return f"5;{16 + 36 * red + 6 * green + blue}"


def decoded(jpeg: bytes) -> np.ndarray | None:
    """The picture as OpenCV has it: blue, green, red; None if it is damaged."""
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR) if jpeg else None
