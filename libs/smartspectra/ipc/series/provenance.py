"""Where a session's numbers come from: a camera, a replay, or a generator."""

from typing import Any

UNKNOWN = "unknown"
_MARK = "vitalrig-"
_ORDER = ("camera", "replay", "synthetic")
"""From the least to the most remarkable; a session is named for the most remarkable."""


class Provenance:
    """
    What the payloads have said about their source.

    One synthetic envelope makes the whole session synthetic: a mark must never be
    lost in the crowd.
    """

    def __init__(self, name: str = UNKNOWN) -> None:
        self._rank = _ORDER.index(name) if name in _ORDER else -1
        self._last_version: Any = None
        self._last_source: Any = None

    @property
    def name(self) -> str:
        """``synthetic``, ``replay``, ``camera`` or ``unknown``."""
        return UNKNOWN if self._rank < 0 else _ORDER[self._rank]

    def update(self, key: str, node: Any) -> None:  # noqa: ANN401
        """Look at a payload's ``metadata`` or ``source``."""
        if key == "source":
            if node != self._last_source:
                self._last_source = node
                self._note(node)
        elif isinstance(node, dict):
            version = node.get("api_version", node.get("apiVersion"))
            if version != self._last_version:
                self._last_version = version
                self._note_mark(version)
            self._note(node.get("source"))
            self._note_mark(node.get("id"))

    def _note_mark(self, text: Any) -> None:  # noqa: ANN401
        """A version or id says something about its source only behind our own mark."""
        if isinstance(text, str) and text.startswith(_MARK):
            self._note(text)

    def _note(self, text: Any) -> None:  # noqa: ANN401
        if not isinstance(text, str):
            return
        word = text.lower().removeprefix(_MARK)
        for rank, name in enumerate(_ORDER):
            if rank > self._rank and word.startswith(name):
                self._rank = rank
