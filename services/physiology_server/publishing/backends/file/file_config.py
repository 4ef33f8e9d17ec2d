"""The file backend's JSON config."""

import re
from dataclasses import dataclass
from typing import ClassVar

from services.physiology_server.publishing.backends.json_config import (
    JsonConfig,
    number,
    ours,
    text,
)

_EXTENSION = re.compile(r"[A-Za-z0-9]{1,8}")


def _no_folder(value: str) -> str | None:
    return None if value and "\0" not in value else "must name a folder"


def _no_extension(value: str) -> str | None:
    if _EXTENSION.fullmatch(value):
        return None
    return f"is {value!r}: it must be one to eight letters and digits, without a dot"


@dataclass(frozen=True, slots=True)
class FileConfig(JsonConfig):
    """
    What the JSON file may hold: the vendor's keys with their defaults, in the documented order.

    Where the vendor's documents name a key and leave its effect open, the effect is ours; it is
    marked below.

    Attributes:
        base_directory: Folder of all outputs; a relative one is relative to where the server
            was started.
        create_if_missing: Make the folder, and its parents, if it is not there.
        truncate_on_init: Empty the files and remove the pictures of an earlier run at start. If
            false, lines are added behind those that are there.
        max_frame_count: (effect ours) 0: only the newest picture, in `latest.<extension>`; N:
            numbered pictures, of which the newest N are kept.
        use_file_locking: (effect ours) Hold `flock` on a file while lines are added to it, and
            refuse a folder that another server writes to.
        frame_extension: What the names of pictures end with.
        compress_frames: (effect ours) True: pictures are JPEG. False: the same pictures are
            written as uncompressed BMP, for readers without a JPEG decoder; an extension `jpg`
            or `jpeg` becomes `bmp`.
        io_buffer_size: (effect ours) Most bytes in one `write`, which always ends with a line;
            a single longer line is written at once all the same.
        enable_debug_logging: Log every batch.
        write_recording_state: (key ours) Write `recording_state.jsonl` too.
    """

    usual_name: ClassVar[str] = "file_ipc_config.json"

    base_directory: str = text("./file_ipc_output", check=_no_folder)
    create_if_missing: bool = True
    truncate_on_init: bool = True
    max_frame_count: int = number(0, least=0, most=1_000_000)
    use_file_locking: bool = True
    frame_extension: str = text("jpg", check=_no_extension)
    compress_frames: bool = True
    io_buffer_size: int = number(8_192, least=1)
    enable_debug_logging: bool = False
    write_recording_state: bool = ours(True)
