"""From raw messages to batches of envelopes worth keeping, as fast as Python allows."""

from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Any, NamedTuple

from smartspectra.ipc.series.table import Document
from smartspectra.ipc.wire.channels import METRIC_KINDS, RECORDING_STATE
from smartspectra.ipc.wire.envelope import BadEnvelope, Envelope, document_of
from smartspectra.ipc.wire.envelope_parser import EnvelopeParser, is_typed

_USUAL = frozenset(METRIC_KINDS)


class Switch(NamedTuple):
    """
    An envelope that says whether recording is on.

    Attributes:
        envelope: What it says.
        line: The same as it came.
        document: The same, parsed.
    """

    envelope: Envelope
    line: bytes
    document: Document


class Batch(NamedTuple):
    """
    Messages that are recorded together: those of one session.

    Attributes:
        lines: Envelopes as they came.
        documents: The same, parsed.
        rejected: Why messages are not envelopes, and how many of *lines* come before each.
        switch: What ends the batch, if anything does.
    """

    lines: list[bytes]
    documents: list[Document]
    rejected: list[tuple[int, str]]
    switch: Switch | None = None


def batches(
    messages: Sequence[str | bytes], parser: EnvelopeParser, parsed: Sequence[Any] | None = None
) -> Iterator[Batch]:
    """
    Sort messages in the order in which they arrived, with what is *parsed* of their JSON.

    *parser* parses the rest, and knows the forms of those that came before.

    Raises:
        ValueError: If *parsed* is not as long.
    """
    if parsed is not None and len(parsed) != len(messages):
        raise ValueError(f"{len(messages)} messages came with {len(parsed)} documents")
    known: Sequence[Any] | None = parser.parse_all(messages) if parsed is None else parsed
    if known is not None and all(map(is_typed, known)):
        yield Batch([_as_bytes(message) for message in messages], list(known), [])
        return
    lines: list[bytes] = []
    documents: list[Document] = []
    rejected: list[tuple[int, str]] = []
    for raw, each in zip(messages, known or repeat(None), strict=False):
        try:
            line = _as_bytes(raw)
            document = parser.parse(line) if each is None else each
            usual = is_typed(document) or (
                document["type"] in _USUAL and type(document["payload"]) is dict
            )
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
        yield Batch(lines, documents, rejected, Switch(envelope, line, document))
        lines, documents, rejected = [], [], []
    yield Batch(lines, documents, rejected)


def _as_bytes(raw: Any) -> bytes:  # noqa: ANN401
    """
    A message as bytes.

    Raises:
        BadEnvelope: If it is neither text nor bytes, or no UTF-8.
    """
    if type(raw) is bytes:
        return raw
    if isinstance(raw, bytes | bytearray | memoryview):
        return bytes(raw)
    if not isinstance(raw, str):
        raise BadEnvelope("not_text")
    try:
        return raw.encode()
    except UnicodeError as exc:
        raise BadEnvelope("not_utf8") from exc
