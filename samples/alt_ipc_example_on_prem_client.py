"""
Metrics without gRPC for data: from the file backend's folder or from Redis.

    python samples/alt_ipc_example_on_prem_client.py --backend file --base_dir ./file_ipc_output
    python samples/alt_ipc_example_on_prem_client.py --backend redis --redis_host localhost

gRPC is used for control alone. Pictures are shown in a window or in the terminal, where there is
one. Server and Redis may be started later. Keys, each followed by Enter: s or start, t or stop,
r or reset, q or quit.
"""

import argparse
import asyncio
import struct
import sys
from pathlib import Path
from typing import Any

from ipc_readers import Envelope, FileReader, Reader, RedisReader
from on_prem import Control, add_server_arguments, obey, say, start_and_explain
from picture_views import CHOICES, View, view_of

KEYS = {"s": "start", "t": "stop", "r": "reset", "q": "quit"}


async def main(arguments: argparse.Namespace) -> int:
    """
    Show and control until q, Ctrl-C or SIGTERM.

    Returns:
        The exit status.
    """
    control = Control.of(arguments)
    view = view_of(arguments.show)
    showing = asyncio.create_task(show(reader_of(arguments), view, arguments.save_frame))
    starting = asyncio.create_task(start_and_explain(control, KEYS))
    try:
        commands = {
            "s": lambda: control.set_recording(True),
            "t": lambda: control.set_recording(False),
            "r": control.reset,
        }
        await obey(commands, showing, KEYS)
    finally:
        for task in (showing, starting):
            task.cancel()
        await asyncio.wait([showing, starting])
        view.close()
        await control.close()
    if not showing.cancelled() and (failure := showing.exception()):
        say(str(failure))
        return 1
    return 0


def reader_of(arguments: argparse.Namespace) -> Reader:
    """The reader for the chosen backend: the only place that knows which one it is."""
    if arguments.backend == "file":
        return FileReader(arguments.base_dir)
    password = arguments.redis_password_file
    return RedisReader(
        arguments.redis_host,
        arguments.redis_port,
        arguments.redis_key_prefix,
        password.read_text().strip() if password else "",
        arguments.redis_username,
    )


async def show(reader: Reader, view: View, save_frame: Path | None) -> None:
    """Print rates and changes of status; show pictures where that is possible."""
    pictures = 0
    async for envelope in reader.envelopes():
        payload = envelope["payload"]
        match envelope["type"]:
            case "core_metrics":
                show_rates(payload)
            case "status":
                say(f"status     {payload['value']}")
            case "frame":
                pictures += 1
                if save_frame is not None:
                    await asyncio.to_thread(save_frame.write_bytes, payload["jpeg"])
                if pictures == 1:
                    width, height = size_of(payload["jpeg"])
                    say(f"picture    {width} x {height}, shown {view.where}")
                view.show(payload["jpeg"])


def show_rates(payload: Envelope) -> None:
    """Print what is new."""
    for name in ("pulse", "breathing"):
        for rate in payload.get(name, {}).get("rate", []):
            confidence: Any = rate.get("confidence", 0.0)
            say(f"{name:10} {rate['value']:5.1f} /min   confidence {confidence:.2f}")


def size_of(jpeg: bytes) -> tuple[int, int]:
    """Width and height of a JPEG, from its frame header (ITU-T T.81, B.2.2)."""
    at = 2
    while at + 9 < len(jpeg):
        marker, length = struct.unpack(">HH", jpeg[at : at + 4])
        if 0xFFC0 <= marker <= 0xFFC3:  # noqa: PLR2004  start of frame
            height, width = struct.unpack(">HH", jpeg[at + 5 : at + 9])
            return width, height
        at += 2 + length
    return 0, 0


def parsed(argv: list[str] | None = None) -> argparse.Namespace:
    """The arguments, under their documented names."""
    parser = argparse.ArgumentParser(description=__doc__.strip().partition("\n")[0])
    add = parser.add_argument
    add("--backend", choices=("file", "redis"), default="file", help="where the data are")
    add("--base_dir", type=Path, default=Path("./file_ipc_output"), help="file: the folder")
    add("--redis_host", default="localhost", help="redis: where it is")
    add("--redis_port", type=int, default=6379, help="redis: its port")
    add("--redis_key_prefix", default="physiology", help="redis: the camera")
    add("--redis_username", default="", help="redis: its user, where it has several")
    add("--redis_password_file", type=Path, help="redis: file that holds the password")
    add("--save_frame", type=Path, help="write each picture to this file")
    add(
        "--show",
        choices=CHOICES,
        default="auto",
        help="pictures: in a window, in the terminal, or in the first of them that there is",
    )
    add_server_arguments(parser)
    return parser.parse_args(argv)


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main(parsed())))
    except OSError as failure:
        sys.exit(str(failure))
