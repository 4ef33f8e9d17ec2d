"""The factory behind `vitalrig_session`: finished sessions in the folder of a test."""

from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

import pytest

from vitalrig.testing.failure_sections import FailureSections
from vitalrig.testing.fixture_arguments import all_arguments
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

    def make(*given: Any, **named: Any) -> Session:  # noqa: ANN401  make_session's own
        __tracebackhide__ = True
        folder = folders / str(next(numbers))
        told = all_arguments("vitalrig_session", partial(make_session, folder), *given, **named)
        session = make_session(folder, *given, **named)
        sections.had_a_subject(
            request.node,
            f"session {session.id}: scenario {told['scenario'] or 'none'}, seed {told['seed']}",
        )
        return session

    return make
