"""
Everything that the gRPC interface offers, from one keyboard.

    python samples/full_example_on_prem_client.py --port 50051 --video subject.mp4

Uploads frames from a camera or a video file, streams core and edge metrics, status and logs,
controls the recording and resets the processing. Keys, each followed by Enter:
s or start, t or stop, r or reset, h or help, q or quit. The server may be started later.
With the default publish_core of the server, rates come while it records: press s.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from on_prem import Control, add_server_arguments, help_line, obey, say
from pictures import Pictures

from vitalrig.rpc import physiology_pb2 as pb

KEYS = {"s": "start", "t": "stop", "r": "reset", "h": "help", "q": "quit"}
PROGRESS_EVERY_S = 5.0


async def main(arguments: argparse.Namespace) -> int:
    """
    Run until q, Ctrl-C, SIGTERM or the end of the video.

    Returns:
        The exit status.
    """
    pictures = None
    if not arguments.no_upload:
        pictures = Pictures(arguments.video, arguments.camera, as_fast_as_it_goes=arguments.fast)
    control = Control.of(arguments)
    shown = [asyncio.create_task(show) for show in streams(control, arguments)]
    try:
        return await Client(control, pictures, arguments).run()
    finally:
        for task in shown:
            task.cancel()
        await asyncio.wait(shown)
        if pictures is not None:
            pictures.close()
        await control.close()


class Client:
    """
    What the keyboard commands, and what is done meanwhile.

    A server that was at work before goes on: somebody else may look at it, or record.
    """

    def __init__(
        self, control: Control, pictures: Pictures | None, arguments: argparse.Namespace
    ) -> None:
        self._control = control
        self._pictures = pictures
        self._arguments = arguments
        self._found: pb.StatusReply | None = None
        self._recording = False

    async def run(self) -> int:
        """
        Have the server work, obey the keyboard meanwhile, and stop what was started.

        Returns:
            The exit status.
        """
        working = asyncio.create_task(self.work())
        commands = {"s": self.record, "t": self.end, "r": self._control.reset, "h": self.explain}
        await obey(commands, working, KEYS)
        went_well = not working.done() or working.result()
        working.cancel()
        if self._found is not None:
            await self._control.leave(self._found, began=self._recording)
            if self._found.edge_running:
                say("the server was at work before, and goes on")
        return 0 if went_well else 1

    async def work(self) -> bool:
        """Start the server's work, once it is there, and upload; tell whether all went well."""
        control = self._control
        self._found = await control.wait()
        info = self._found and await control.ask("server information", control.client.server_info())
        if info is None:
            return False
        say(f"{info.version}, frames from {info.source}{', MADE UP' if info.synthetic else ''}")
        seconds = self._arguments.buffer_duration
        await control.ask(f"buffer of {seconds:g} s", control.client.set_buffer_duration(seconds))
        if not await control.start():
            return False
        await self.explain()
        if self._pictures is not None:
            return await upload(control, self._pictures)
        await asyncio.Event().wait()  # for the keyboard to quit
        return True

    async def record(self) -> None:
        """Start a recording."""
        started = await self._control.set_recording(True, self._arguments.session_id)
        self._recording = started or self._recording

    async def end(self) -> None:
        """End it."""
        if await self._control.set_recording(False):
            self._recording = False

    async def explain(self) -> None:
        """Say what the keys do."""
        say(help_line(KEYS))


async def upload(control: Control, pictures: Pictures) -> bool:
    """
    Upload all pictures and say what became of them; tell whether every one is accounted for.
    """
    report = await control.ask("upload", control.client.upload(with_progress(pictures)))
    if report is None:
        return False
    dropped = sum(report.dropped.values())
    reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(report.dropped.items()))
    say(
        f"upload: {pictures.sent} sent, {report.received} received = {report.used} used"
        f" + {dropped} dropped{f' ({reasons})' if reasons else ''}"
    )
    return pictures.sent == report.received == report.used + dropped


async def with_progress(pictures: Pictures) -> AsyncIterator[pb.FrameWithTimestamp]:
    """
    Yield the frames, and say now and then how far it is.
    """
    said_s = time.monotonic()
    async for frame in pictures.frames():
        if time.monotonic() - said_s > PROGRESS_EVERY_S:
            said_s = time.monotonic()
            say(f"upload: {pictures.sent} frames")
        yield frame


def streams(control: Control, arguments: argparse.Namespace) -> list[Any]:
    """What is printed, besides."""
    wanted = [show_status(control), show_core(control)]
    if arguments.edge:
        wanted.append(show_edge(control))
    if arguments.logs:
        wanted.append(show_logs(control))
    return wanted


async def show_status(control: Control) -> None:
    """Print the status when it changes."""
    async for update in control.stream(control.client.status_updates):
        say(f"status     {pb.StatusCode.Name(update.status.value)}")


async def show_core(control: Control) -> None:
    """Print each rate."""
    async for message in control.stream(control.client.core_metrics):
        told_of_loss(message)
        for name, rates in (
            ("pulse", message.metrics.pulse.rate),
            ("breathing", message.metrics.breathing.rate),
        ):
            for rate in rates:
                say(f"{name:10} {rate.value:5.1f} /min   confidence {rate.confidence:.2f}")


async def show_edge(control: Control) -> None:
    """Print how far the chest is out, a line a frame."""
    async for message in control.stream(control.client.edge_metrics):
        told_of_loss(message)
        for sample in message.metrics.breathing.upper_trace:
            say(f"chest      {sample.value:+.4f}")


async def show_logs(control: Control) -> None:
    """Print what the server logs."""
    async for entry in control.stream(control.client.logs):
        say(f"log        {entry.message}")


def told_of_loss(message: Any) -> None:  # noqa: ANN401  either metric message
    """Say when this program read too slowly."""
    if message.missed:
        say(f"missed {message.missed} messages: this program reads too slowly")


def parsed(argv: list[str] | None = None) -> argparse.Namespace:
    """The arguments."""
    parser = argparse.ArgumentParser(description=__doc__.strip().partition("\n")[0])
    add_server_arguments(parser)
    add = parser.add_argument
    add("--camera", type=int, default=0, help="number of the camera to upload from")
    add("--video", type=Path, help="upload a video file instead")
    add("--fast", action="store_true", help="upload a video as fast as the server takes it")
    add("--no_upload", action="store_true", help="upload nothing: the server has a source")
    add("--buffer_duration", type=float, default=0.2, help="seconds in one core message")
    add("--session_id", default="", help="name of the session")
    add("--edge", action="store_true", help="print edge metrics too, a line a frame")
    add("--logs", action="store_true", help="print the server's log too")
    return parser.parse_args(argv)


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main(parsed())))
    except OSError as failure:
        sys.exit(str(failure))
