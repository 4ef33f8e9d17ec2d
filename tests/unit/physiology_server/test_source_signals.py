"""Which signals come, and which are switched on in vain."""

import logging

import pytest

from services.physiology_server.app import build
from services.physiology_server.settings import Settings
from services.physiology_server.source_signals import signals_of
from tests.support.running import a_watchdog, load

ALL_ON = {"enable_eda": True, "enable_phasic_bp": True, "enable_micromotion": True}
OF_PICTURES = ("pulse", "breathing")
SOURCES = {
    "synthetic": (*OF_PICTURES, "face", "phasic_bp", "eda", "micromotion"),
    "camera": OF_PICTURES,
    "upload": OF_PICTURES,
    "video": OF_PICTURES,
    "replay": OF_PICTURES,
}


def settings_of(source, **keys):
    return load(Settings, source=source, streaming_backend="grpc", port=0, **keys)


@pytest.mark.parametrize("source", SOURCES)
def test_the_signals_that_come_are_those_that_the_source_gives(source):
    """
    Whatever is switched on.
    """
    assert SOURCES[source] == signals_of(settings_of(source, **ALL_ON))


def test_what_is_switched_off_does_not_come():
    """
    Though the source has it.
    """
    assert (*OF_PICTURES, "face") == signals_of(settings_of("synthetic"))


def test_a_recorded_session_gives_what_it_holds():
    """
    Nobody has looked yet what that is.
    """
    assert () == signals_of(settings_of("replay", replay_path="metrics_1.jsonl", **ALL_ON))


def warnings(caplog, folder, source, **keys):
    build(settings_of(source, **keys), a_watchdog(folder))
    return [r for r in caplog.records if r.levelno == logging.WARNING]


def test_what_is_switched_on_in_vain_is_one_warning(caplog, tmp_path):
    """
    It names the flags, and what the source gives instead.
    """
    (warning,) = warnings(caplog, tmp_path, "upload", **ALL_ON)

    assert ["enable_phasic_bp", "enable_eda", "enable_micromotion"] == warning.flags
    assert ("upload", list(OF_PICTURES)) == (warning.source, warning.gives)


def test_a_source_that_gives_what_is_switched_on_is_no_warning(caplog, tmp_path):
    """
    Nor is one of which nothing special is asked.
    """
    assert [] == warnings(caplog, tmp_path, "synthetic", **ALL_ON)
    assert [] == warnings(caplog, tmp_path, "upload")
