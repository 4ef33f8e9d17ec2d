"""Which events a query finds."""

from datetime import UTC, datetime
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitalrig.telemetry.event_query import EventQuery, is_like

EVENT = {
    "seq": 7,
    "ts": "2026-03-17T20:30:00.123Z",
    "stream": "run",
    "type": "session.closed",
    "data": None,
    "meta": {"run_id": "a/b", "camera": "left"},
}
HALF_PAST = datetime(2026, 3, 17, 20, 30, tzinfo=UTC)
LATER = datetime(2026, 3, 17, 20, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"after_seq": 6},
        {"until_seq": 7},
        {"since": HALF_PAST},
        {"until": LATER},
        {"types": ("session.closed",)},
        {"types": ("x", "session.*")},
        {"types": ("*",)},
        {"run": "a/b"},
        {"camera": "left"},
    ],
)
def test_an_event_is_found_by_what_it_has(query):
    """
    What is not asked for does not matter.
    """
    assert EventQuery(**query).matches(EVENT)


@pytest.mark.parametrize(
    "query",
    [
        {"after_seq": 7},
        {"until_seq": 6},
        {"since": LATER},
        {"until": HALF_PAST},
        {"types": ("session",)},
        {"types": ("*.opened",)},
        {"run": "a"},
        {"camera": "right"},
    ],
)
def test_an_event_is_not_found_by_what_it_lacks(query):
    """
    One thing that is wrong is enough.
    """
    assert not EventQuery(**query).matches(EVENT)


def test_an_event_of_the_site_is_in_no_run_whatever_its_meta_says():
    """
    Who posts an event may write anything into its meta.
    """
    assert not EventQuery(run="a/b").matches(EVENT | {"stream": "site"})


@given(st.text("ab", max_size=8), st.text("ab*", max_size=8))
def test_a_star_stands_for_any_characters(kind, wanted):
    """
    As in a shell.
    """
    assert fnmatchcase(kind, wanted) == is_like(kind, wanted)
