"""From raw messages to envelopes worth keeping, as fast as Python allows."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from smartspectra.ipc import fast
from smartspectra.ipc.aggregate import Document
from smartspectra.ipc.channels import METRIC_KINDS, RECORDING_STATE
from smartspectra.ipc.envelope import BadEnvelope, Envelope, document_of

_USUAL = frozenset(METRIC_KINDS)

Keep = Callable[[list[bytes], list[Document]], None]
SwitchRecording = Callable[[Envelope, bytes, Document], None]


class Intake:
    """
    Sorts messages: measurements are passed on together, others one by one.

    Args:
        keep: Takes lines and the same envelopes, parsed.
        switch: Takes an envelope that says whether recording is on.

    Attributes:
        rejected: Messages that are no envelopes, by reason.
    """

    def __init__(self, keep: Keep, switch: SwitchRecording) -> None:
        self._keep = keep
        self._switch = switch
        self.rejected: Counter[str] = Counter()

    def take(self, batch: Sequence[str | bytes]) -> Counter[str] | None:
        """
        Take messages in the order in which they arrived.

        Returns:
            Why some were rejected, and how many; None if all are envelopes.
        """
        loads = fast.codec().loads
        lines: list[bytes] = []
        documents: list[Document] = []
        rejected: Counter[str] | None = None
        for raw in batch:
            try:
                line = raw if type(raw) is bytes else _as_bytes(raw)
                document = loads(line)
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
                rejected = rejected or Counter()
                rejected[exc.reason] += 1
                continue
            if envelope.type == RECORDING_STATE:
                if lines:
                    self._keep(lines, documents)
                    lines, documents = [], []
                self._switch(envelope, line, document)
            else:
                lines.append(line)
                documents.append(document)
        if lines:
            self._keep(lines, documents)
        if rejected:
            self.rejected.update(rejected)
        return rejected


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
