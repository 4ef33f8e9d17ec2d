"""The newest event of each type, of so many types."""

from hypothesis import given
from hypothesis import strategies as st

from tests.support.telemetry_log import a_service, an_event
from vitalrig.telemetry import current_view
from vitalrig.telemetry.current_view import CurrentView


@given(st.lists(st.integers(0, 20)), st.integers(1, 8), st.integers(0, 5))
def test_those_written_last_stay(written, most, slack):
    """
    However many came, and whenever the view cleans up.
    """
    before, current_view._SLACK = current_view._SLACK, slack
    view = CurrentView(most)
    for seq, kind in enumerate(written):
        view.put(str(kind), seq, b"")
    current_view._SLACK = before

    newest = {str(kind): seq for seq, kind in enumerate(written)}
    kept = sorted(newest, key=newest.__getitem__)[-most:]
    assert {kind: (newest[kind], b"") for kind in kept} == view.entries()
    assert {None} >= {view.get(kind) for kind in set(newest) - set(kept)}


def test_the_view_shows_ten_thousand_types_and_counts_those_that_left(tmp_path):
    """
    The least recently written leave.
    """
    with a_service(tmp_path) as service:
        for start in range(0, 10_010, 1_001):
            service.append_events([an_event(str(n), n) for n in range(start, start + 1_001)])

        shown = service.current_snapshot()["current"]
        assert (10_000, 10) == (len(shown), service.counts()["evicted_types"])
        assert {str(n) for n in range(10)} == {str(n) for n in range(10_010)} - set(shown)
