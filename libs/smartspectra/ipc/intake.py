"""From raw messages to envelopes worth keeping, as fast as Python allows."""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import repeat
from typing import Any

from smartspectra.ipc.series.table import Document
from smartspectra.ipc.wire.channels import METRIC_KINDS, RECORDING_STATE
from smartspectra.ipc.wire.codec import codec
from smartspectra.ipc.wire.envelope import BadEnvelope, Envelope, document_of

_USUAL = frozenset(METRIC_KINDS)

Keep = Callable[[list[bytes], list[Document], bool], int]
SwitchRecording = Callable[[Envelope, bytes, Document, bool], bool]
Reject = Callable[[str, int], None]


class Intake:
    """
    Sorts messages: measurements are passed on together, others one by one.

    Both of the first two are told, too, whether to give back what the disk does not take.

    Args:
        keep: Takes lines and the same envelopes, parsed; gives how many are dealt with.
        switch: Takes an envelope that says whether recording is on; gives whether it is
            dealt with.
        reject: Told why messages are no envelopes, and how many.
    """

    def __init__(self, keep: Keep, switch: SwitchRecording, reject: Reject) -> None:
        self._keep = keep
        self._switch = switch
        self._reject = reject

    def take(
        self,
        batch: Sequence[str | bytes],
        *,
        give_back: bool,
        parsed: Sequence[Any] | None = None,
    ) -> int:
        """
        Take messages in the order in which they arrived, and what is *parsed* of their JSON.

        Returns:
            How many, from the front, are dealt with; the next one was not taken.

        Raises:
            ValueError: If *parsed* is not as long; nothing was taken then.
        """
        if parsed is not None and len(parsed) != len(batch):
            raise ValueError(f"{len(batch)} messages came with {len(parsed)} documents")
        loads = codec().loads
        done = 0
        lines: list[bytes] = []
        documents: list[Document] = []
        rejected: list[tuple[int, str]] = []
        known_of = repeat(None, len(batch)) if parsed is None else parsed
        for raw, known in zip(batch, known_of, strict=True):
            try:
                line = raw if type(raw) is bytes else _as_bytes(raw)
                document = loads(line) if known is None else known
                usual = document["type"] in _USUAL and type(document["payload"]) is dict
            except (ValueError, TypeError, LookupError, RecursionError):
                usual = False
            if usual:
                lines.append(line)
                documents.append(document)
                continue
            try:
                line = _as_bytes(raw)
                document = document_of(line)
                envelope = Envelope.of(document)
            except BadEnvelope as exc:
                rejected.append((len(lines), exc.reason))
                continue
            if envelope.type != RECORDING_STATE:
                lines.append(line)
                documents.append(document)
                continue
            before = len(lines) + len(rejected)
            taken = self._hand_on(lines, documents, rejected, give_back)
            done += taken
            if taken < before or not self._switch(envelope, line, document, give_back):
                return done
            done += 1
            lines, documents, rejected = [], [], []
        return done + self._hand_on(lines, documents, rejected, give_back)

    def _hand_on(
        self,
        lines: list[bytes],
        documents: list[Document],
        rejected: list[tuple[int, str]],
        give_back: bool,
    ) -> int:
        """Pass on what has gathered: *rejected* by how many lines stand before each."""
        kept = self._keep(lines, documents, give_back) if lines else 0
        reasons = Counter(reason for place, reason in rejected if place <= kept)
        for reason, number in reasons.items():
            self._reject(reason, number)
        return kept + reasons.total()


def _as_bytes(raw: Any) -> bytes:  # noqa: ANN401
    """
    A message as bytes.

    Raises:
        BadEnvelope: If it is neither text nor bytes, or no UTF-8.
    """
    if isinstance(raw, bytes | bytearray | memoryview):
        return bytes(raw)
    if not isinstance(raw, str):
        raise BadEnvelope("not_text")
    try:
        return raw.encode()
    except UnicodeError as exc:
        raise BadEnvelope("not_utf8") from exc
