"""The factory behind `vitalrig_session`: finished sessions in the folder of a test."""

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from vitalrig.testing.failure_sections import FailureSections
from vitalrig.testing.fixture_arguments import names_of, refuse_unknown
from vitalrig.testing.session import Session
from vitalrig.testing.session_maker import make_session


def sessions_of(request: pytest.FixtureRequest) -> Callable[..., Session]:
    """
    Give a function that makes a session; it takes what `make_session` takes besides the folder.

    Each session has a folder of its own.
    """
    folders = request.getfixturevalue("tmp_path") / "vitalrig_sessions"
    numbers = count(1)
    sections = FailureSections.of(request.config)

    def make(scenario: str | Path = "", **named: Any) -> Session:  # noqa: ANN401  make_session's
        __tracebackhide__ = True
        folder = folders / str(next(numbers))
        refuse_unknown("vitalrig_session", named, names_of(make_session)[1:])
        session = make_session(folder, scenario, **named)
        told = f"scenario {scenario}" if scenario else "no scenario"
        line = f"session {session.id}: {told}, seed {named.get('seed', 1)}"
        sections.had_a_subject(request.node, lambda: line)
        return session

    return make
