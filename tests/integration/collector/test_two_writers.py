"""One collector a folder."""

import os

import pytest

from services.collector.checkpoints import Checkpoints
from tests.support.collecting import (
    finished,
    lines,
    manifest,
    ready,
)
from tests.support.running import running
from vitalrig.errors import CannotStart
from vitalrig.service.serve import EXIT_CANNOT_START


@pytest.mark.parametrize("prefix", ["physiology", "ward:2"], ids=["same camera", "another"])
def test_a_second_collector_on_the_folder_does_not_start(
    make, start_process, client, sessions, publishing, prefix
):
    """
    It ends with status 3 and says who is there; the first goes on.
    """
    with running(make()):
        ready(client)
        publishing.start()
        publishing.edge(5)
        second = start_process(prefixes=prefix)
        status = second.ended()
        publishing.edge(5)
        publishing.stop()
        finished(sessions)

    log = second.log_text()
    assert EXIT_CANNOT_START == status
    assert f"{sessions} cannot be used" in log
    assert f"in use by process {os.getpid()}" in log
    assert (publishing.published, True) == (lines(sessions), manifest(sessions)["complete"])


def test_a_start_that_fails_leaves_the_folder_to_others(make, sessions, monkeypatch):
    """
    The lock goes with whoever took it, also if the disk fails in the next moment.
    """
    with monkeypatch.context() as failing:
        failing.setattr(Checkpoints, "__init__", lambda *_: (sessions / "nothing").stat())
        with pytest.raises(CannotStart):
            make()

    with running(make()):
        assert (sessions / ".collector.lock").exists()
