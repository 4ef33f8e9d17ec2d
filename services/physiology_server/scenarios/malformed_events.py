"""Envelopes that are none, or that say what nobody can use."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, get_args

from pydantic import Field

from services.physiology_server.envelope_timestamps import dumped, objects_in
from services.physiology_server.envelopes import Outgoing
from services.physiology_server.scenarios.events import MessageEvent, Share
from services.physiology_server.scenarios.random_choice import RandomChoice
from smartspectra.ipc.wire.envelope import document_of

Kind = Literal["truncated", "wrong_types", "nan", "not_utf8", "unknown_type", "empty"]
KINDS: tuple[Kind, ...] = get_args(Kind)

# The bytes before the first stamp that depends on the wall clock in its length are more than
# these; a cut among them is at the same place in every run.
_CUT_FROM, _CUT_TO = 20, 110
_NO_UTF8 = b"\xff\xfe"


class Malformed(MessageEvent):
    """Some metrics envelopes are damaged, each in one of several ways, and so lost."""

    do: Literal["malformed"] = "malformed"
    share: Share
    kinds: tuple[Kind, ...] = Field(
        KINDS, min_length=1, description=f"in which ways: {', '.join(KINDS)}"
    )

    def spoil(self, outgoing: Outgoing, number: int, chance: RandomChoice) -> Sequence[Outgoing]:
        """
        Each by chance, in one of the ways by chance.
        """
        if chance.share(outgoing.channel, number) >= self.share:
            return (outgoing,)
        kind = self.kinds[int(chance.share("kind", number) * len(self.kinds))]
        damaged = _DAMAGE[kind](outgoing.envelope, chance.share("where", number))
        return (outgoing._replace(envelope=damaged),)


def _truncated(raw: bytes, where: float) -> bytes:
    """
    The beginning of it.
    """
    return raw[: min(len(raw) - 1, int(_CUT_FROM + where * (_CUT_TO - _CUT_FROM)))]


def _wrong_types(raw: bytes, _where: float) -> bytes:
    """
    Values are words.
    """
    document = document_of(raw)
    for sample in _samples(document):
        sample["value"] = "much"
    return dumped(document)


def _nan(raw: bytes, _where: float) -> bytes:
    """
    Values are NaN, which JSON does not have.
    """
    document = document_of(raw)
    for sample in _samples(document):
        sample["value"] = float("nan")
    return json.dumps(document, separators=(",", ":")).encode()


def _not_utf8(raw: bytes, where: float) -> bytes:
    """
    Two bytes in it that no text has.
    """
    at = min(len(raw) - 1, int(_CUT_FROM + where * (_CUT_TO - _CUT_FROM)))
    return raw[:at] + _NO_UTF8 + raw[at:]


def _unknown_type(raw: bytes, _where: float) -> bytes:
    """
    A type that no reader knows.
    """
    return dumped(document_of(raw) | {"type": "unheard_of_metrics"})


def _empty(_raw: bytes, _where: float) -> bytes:
    return b""


_DAMAGE: Mapping[Kind, Callable[[bytes, float], bytes]] = {
    "truncated": _truncated,
    "wrong_types": _wrong_types,
    "nan": _nan,
    "not_utf8": _not_utf8,
    "unknown_type": _unknown_type,
    "empty": _empty,
}


def _samples(document: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401
    """
    Every object in *document* that has a value.
    """
    return (node for node in objects_in(document) if "value" in node)
