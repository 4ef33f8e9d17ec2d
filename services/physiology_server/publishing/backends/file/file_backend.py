"""Files: the same envelopes as on the channels, one a line, and pictures, in one folder."""

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from services.physiology_server.envelopes import Numbered
from services.physiology_server.publishing.backend import refuse_unknown
from services.physiology_server.publishing.backends.file.file_config import FileConfig
from services.physiology_server.publishing.backends.file.line_file import Line, LineFile
from services.physiology_server.publishing.backends.file.output_folder import OutputFolder
from services.physiology_server.publishing.backends.file.picture_files import (
    NoPicture,
    PictureFiles,
)
from smartspectra.ipc.wire.channels import (
    CORE_METRICS,
    EDGE_METRICS,
    FRAME,
    RECORDING_STATE,
    STATUS,
)
from vitalrig.errors import BadSettings, CannotStart, Unavailable
from vitalrig.service.heartbeats import ServiceHeartbeats

log = logging.getLogger(__name__)

FILES = (CORE_METRICS, EDGE_METRICS, STATUS)


class FileBackend:
    """
    Writes `core_metrics.jsonl`, `edge_metrics.jsonl`, `status.jsonl` and pictures.

    Also `recording_state.jsonl`, which is not among the vendor's files.

    A full disk, a read-only one or a folder that vanished are an absence like any other: the
    outbox keeps, and it goes on by itself. No line is written twice. All of this happens in a
    thread of its own, so that a disk that hangs does not stop the frames.

    Args:
        config: Where and how.
        beats: Where the counter `pictures_unwritable` goes.

    Raises:
        BadSettings: If the folder is missing and is not to be made.
        CannotStart: If the folder cannot be written to, or another server has it.
    """

    def __init__(self, config: FileConfig, beats: ServiceHeartbeats) -> None:
        self._config = config
        self._beats = beats
        beats.count("pictures_unwritable", 0)
        self._say = log.info if config.enable_debug_logging else log.debug
        folder = Path(config.base_directory)
        if not config.create_if_missing and not folder.is_dir():
            raise BadSettings(
                f"base_directory: {folder} does not exist: make it, or set create_if_missing"
                " to true"
            )
        self._folder = OutputFolder(
            folder, create=config.create_if_missing, lock=config.use_file_locking
        )
        try:
            self._open()
        except (OSError, Unavailable) as exc:
            self._folder.let_go()
            raise CannotStart(f"file backend: {exc}") from exc
        self._pictures_fail = False
        self._closed = False
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="file_ipc")

    def _open(self) -> None:
        config, folder = self._config, self._folder.path
        self._folder.ensure()
        kinds = (*FILES, RECORDING_STATE) if config.write_recording_state else FILES
        self._files: dict[str, LineFile] = {}
        try:
            for kind in kinds:
                self._files[kind] = LineFile(
                    folder / f"{kind}.jsonl",
                    lock=config.use_file_locking,
                    most_bytes=config.io_buffer_size,
                    empty=config.truncate_on_init,
                )
            self._pictures = PictureFiles(
                folder,
                keep=config.max_frame_count,
                extension=config.frame_extension,
                compress=config.compress_frames,
                empty=config.truncate_on_init,
            )
        except BaseException:
            self._close_files()
            raise

    async def send(self, batch: Sequence[Numbered]) -> None:
        """
        Write all of *batch*.

        Raises:
            Unavailable: If the disk is full, read-only, away or held by a reader's lock.
            BadMessage: If an envelope is for no channel.
        """
        refuse_unknown(batch)
        if self._closed:
            raise Unavailable("the file backend is closed")
        await asyncio.get_running_loop().run_in_executor(self._worker, self._write, batch)

    async def show(self, newest: Sequence[Numbered]) -> None:
        """
        Do nothing: who reads here sees what was sent.
        """

    async def close(self) -> None:
        """
        Finish what is being written, close the files and give the folder up.
        """
        if self._closed:
            return
        self._closed = True
        await asyncio.get_running_loop().run_in_executor(self._worker, self._let_go)
        self._worker.shutdown(wait=False)

    def _write(self, batch: Sequence[Numbered]) -> None:
        lines: dict[str, list[Line]] = {kind: [] for kind in self._files}
        pictures = []
        for seq, outgoing in ((numbered.seq, numbered.outgoing) for numbered in batch):
            if outgoing.channel == FRAME:
                pictures.append(outgoing.jpeg)
            elif outgoing.channel in lines:
                lines[outgoing.channel].append(Line(seq, _line(outgoing.envelope)))
        try:
            self._folder.ensure()
            for kind, file in self._files.items():
                file.add(lines[kind])
        except OSError as exc:
            raise Unavailable(f"file backend: {exc}") from exc
        for jpeg in pictures:
            self._write_picture(jpeg)
        self._say("batch written", extra={"envelopes": len(batch), "pictures": len(pictures)})

    def _write_picture(self, jpeg: bytes | None) -> None:
        """
        Write one picture. One that cannot be written holds no line up.
        """
        try:
            if jpeg is None:
                raise NoPicture("a frame without its picture")
            self._pictures.add(jpeg)
        except (OSError, NoPicture) as exc:
            self._beats.count("pictures_unwritable")
            if not self._pictures_fail:
                log.warning("pictures cannot be written", extra={"why": str(exc)})
            self._pictures_fail = True
        else:
            self._pictures_fail = False

    def _let_go(self) -> None:
        self._close_files()
        self._folder.let_go()

    def _close_files(self) -> None:
        for file in self._files.values():
            file.close()


def _line(envelope: bytes) -> bytes:
    """
    One envelope as one line. In JSON a line break can only be whitespace.
    """
    return envelope.replace(b"\n", b" ") + b"\n"
