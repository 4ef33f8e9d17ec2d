"""
The vendor's command line, translated into our settings.

Flags that bear the name of one of our keys need no translation. Here are the others:
other spellings that are known of documented flags, flags that say several things at once, and
what has no meaning for us but is not a mistake either. Sources: the vendor's guide, and its public
sample programs for those that are marked as a sibling's.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

Translate = Callable[[str], list[str]]
"""Gets the flag's value (`true` or `false` of a bare one); gives flags of ours."""


@dataclass(frozen=True, slots=True)
class Flag:
    """
    A flag that is not called as our key is.

    Attributes:
        names: All its spellings; the first is the documented one.
        meaning: One line for `--help`.
        translate: Makes flags of ours.
        bare: Whether it comes without a value.
    """

    names: tuple[str, ...]
    meaning: str
    translate: Translate
    bare: bool = False


def _key(key: str) -> Translate:
    return lambda value: [f"--{key}={value}"]


def _if_true(*flags: str) -> Translate:
    return lambda value: list(flags) if value == "true" else []


def _nothing(_value: str) -> list[str]:
    return []


FLAGS: tuple[Flag, ...] = (
    Flag(
        ("use_camera",),
        "the server opens the camera: --source=camera",
        _if_true("--source=camera"),
        bare=True,
    ),
    Flag(
        ("venv_directory",),
        "accepted and not needed: Core is part of this program",
        _nothing,
    ),
    Flag(
        ("also_log_to_stderr", "alsologtostderr"),
        "log for people, to the terminal: --log_format=text",
        _if_true("--log_format=text"),
        bare=True,
    ),
    Flag(
        ("log_verbosity", "verbosity"),
        "0 is --log_level=info, more is --log_level=debug",
        lambda value: [f"--log_level={'info' if value in ('', '0') else 'debug'}"],
    ),
    Flag(
        ("filesystem_ipc_config_path", "file_ipc_config_path"),
        "JSON for the file backend: --file_config_path",
        _key("file_config_path"),
    ),
    Flag(
        ("redis_config_path", "redis_ipc_config_path"),
        "JSON for the Redis backend",
        _key("redis_config_path"),
    ),
    Flag(
        ("log_edge_core_transfer_times", "log_transfer_timing_info"),
        "log how long Edge and Core take to hand over",
        _key("log_edge_core_transfer_times"),
        bare=True,
    ),
    Flag(
        ("input_video_path",),
        "play a video file (a sibling's flag): --source=video --input_path",
        lambda value: ["--source=video", f"--input_path={value}"] if value else [],
    ),
    Flag(("capture_width_px",), "--camera_width (a sibling's flag)", _key("camera_width")),
    Flag(("capture_height_px",), "--camera_height (a sibling's flag)", _key("camera_height")),
    Flag(
        ("headless",),
        "accepted and not needed (a sibling's flag): there is no window",
        _nothing,
        bare=True,
    ),
)

_BY_NAME = {name: flag for flag in FLAGS for name in flag.names}


def translate(argv: Sequence[str]) -> list[str]:
    """
    Write *argv* in our own flags.

    Both styles of Abseil are understood, `--flag=value` and `--flag value`; a boolean may be
    bare or as `--noflag`. What is not in the table stays as it is.
    """
    return list(_translated(argv))


def _translated(argv: Sequence[str]) -> Iterator[str]:
    rest = iter(argv)
    for arg in rest:
        name, is_given, value = arg.lstrip("-").partition("=")
        dashes = len(arg) - len(arg.lstrip("-"))
        flag = _BY_NAME.get(name) if dashes in (1, 2) else None
        if flag is None and dashes and (off := _BY_NAME.get(name.removeprefix("no"))) and off.bare:
            yield from off.translate("false")
        elif flag is None:
            yield arg
        elif flag.bare:
            yield from flag.translate(_truth(value) if is_given else "true")
        else:
            yield from flag.translate(value if is_given else next(rest, ""))


def _truth(value: str) -> str:
    return "false" if value.lower() in ("false", "f", "no", "n", "0") else "true"


def help_lines() -> list[str]:
    """
    What `--help` says of them.
    """
    lines = ["Flags of the vendor's program that are called otherwise here:", ""]
    for flag in FLAGS:
        lines += [f"  {', '.join('--' + name for name in flag.names)}", f"      {flag.meaning}"]
    return lines
