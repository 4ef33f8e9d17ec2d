"""Which signals a source gives, and which of those that are switched on it does not."""

import logging
from collections.abc import Mapping

from services.physiology_server.capture_factory import is_session
from services.physiology_server.settings import Settings, SourceName

log = logging.getLogger(__name__)

_OF_PICTURES = ("pulse", "breathing")
_GIVES: Mapping[SourceName, tuple[str, ...]] = {
    "synthetic": (*_OF_PICTURES, "face", "phasic_bp", "eda", "micromotion"),
    "camera": _OF_PICTURES,
    "video": _OF_PICTURES,
    "upload": _OF_PICTURES,
    "replay": _OF_PICTURES,  # of a CSV
}
"""What pictures show, no more: skin conductance, pressure and micromotion are not measured."""


def signals_of(settings: Settings) -> tuple[str, ...]:
    """
    Name the signals that come: those that the source gives and that are not switched off.

    None are named where a recorded session is replayed: it gives what it holds.
    """
    if is_session(settings):
        return ()
    switched = _switched(settings)
    return tuple(signal for signal in _GIVES[settings.source] if switched.get(signal, True))


def warn_of_signals(settings: Settings) -> None:
    """
    Log what is switched on in vain, in one line.
    """
    if is_session(settings):
        return
    gives = _GIVES[settings.source]
    in_vain = [name for name, on in _switched(settings).items() if on and name not in gives]
    if in_vain:
        log.warning(
            "this source does not give what is switched on",
            extra={
                "source": settings.source,
                "flags": [f"enable_{name}" for name in in_vain],
                "gives": list(gives),
            },
        )


def _switched(settings: Settings) -> dict[str, bool]:
    return {
        "phasic_bp": settings.enable_phasic_bp,
        "eda": settings.enable_eda,
        "micromotion": settings.enable_micromotion,
    }
