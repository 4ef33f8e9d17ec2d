"""The file backend's JSON config."""

import re
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from services.physiology_server.publishing.backends.json_config import MOST, JsonConfig

_EXTENSION = re.compile(r"[A-Za-z0-9]{1,8}")


def _folder(value: str) -> str:
    if not value or "\0" in value:
        raise ValueError("must name a folder")
    return value


def _extension(value: str) -> str:
    if not _EXTENSION.fullmatch(value):
        raise ValueError(f"is {value!r}: it must be one to eight letters and digits, without a dot")
    return value


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
    ours: ClassVar[tuple[str, ...]] = ("write_recording_state",)

    base_directory: Annotated[str, AfterValidator(_folder)] = "./file_ipc_output"
    create_if_missing: bool = True
    truncate_on_init: bool = True
    max_frame_count: int = Field(0, ge=0, le=1_000_000)
    use_file_locking: bool = True
    frame_extension: Annotated[str, AfterValidator(_extension)] = "jpg"
    compress_frames: bool = True
    io_buffer_size: int = Field(8_192, ge=1, le=MOST)
    enable_debug_logging: bool = False
    write_recording_state: bool = True
