"""
The least that shows a pulse: upload what a camera sees, and print what comes back.

    python samples/hello_world_on_prem_client.py --port 50051

The server must take uploads, which it does by default: `physiology_server --port 50051`. It may
be started later. Ctrl-C ends the program and the recording that it began.
"""

import argparse
import asyncio
import contextlib
import signal
import sys
from pathlib import Path

from on_prem import Control, add_server_arguments, say
from pictures import Pictures


async def main(arguments: argparse.Namespace) -> int:
    """
    Upload and print until the pictures end.

    Returns:
        The exit status.
    """
    pictures = Pictures(arguments.video, arguments.camera, as_fast_as_it_goes=False)
    control = Control.of(arguments)
    printing = asyncio.create_task(show(control))
    stop_on_sigterm()
    found, began = None, False
    try:
        found = await control.wait()
        if found is None or not await control.start():
            return 1
        began = not found.recording  # also if Ctrl-C comes before the answer
        await control.set_recording(True)
        report = await control.ask("upload", control.client.upload(pictures.frames()))
    finally:
        if found is not None:
            await control.leave(found, began=began)
        printing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await printing
        pictures.close()
        await control.close()
    if report is None:
        return 1
    say(f"{report.received} frames: {report.used} used, {sum(report.dropped.values())} dropped")
    return 0


def stop_on_sigterm() -> None:
    """End as on Ctrl-C, which asyncio makes a cancellation of by itself."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)


async def show(control: Control) -> None:
    """
    Print each rate as it comes.

    A rate is there only once its window is full: a pulse after about 12 s, breathing after 25.
    """
    async for message in control.stream(control.client.core_metrics):
        for rate in message.metrics.pulse.rate:
            say(f"pulse      {rate.value:5.1f} /min   confidence {rate.confidence:.2f}")
        for rate in message.metrics.breathing.rate:
            say(f"breathing  {rate.value:5.1f} /min   confidence {rate.confidence:.2f}")


def parsed(argv: list[str] | None = None) -> argparse.Namespace:
    """The arguments."""
    parser = argparse.ArgumentParser(description=__doc__.strip().partition("\n")[0])
    add_server_arguments(parser)
    parser.add_argument("--camera", type=int, default=0, help="number of the camera")
    parser.add_argument("--video", type=Path, help="a video file instead of the camera")
    return parser.parse_args(argv)


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main(parsed())))
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit(0)
    except OSError as failure:
        sys.exit(str(failure))
