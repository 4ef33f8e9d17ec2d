"""Finding samples by what is known of a payload's form gives what walking it gives."""

from hypothesis import example, given
from hypothesis import strategies as st

from services.collector.payload_layout import PayloadLayout
from smartspectra.ipc.series.table import MAX_SERIES
from smartspectra.ipc.wire.measurements import measurement_lists

KEYS = st.sampled_from(
    ["pulse", "breathing", "upperTrace", "trace", "value", "time", "metadata", "faceLandmarks"]
)
SAMPLES = st.dictionaries(
    st.sampled_from(["value", "time", "timestamp", "stable", "detected", "expression"]),
    st.integers(0, 9),
    max_size=3,
)
LEAVES = st.lists(SAMPLES | st.integers(0, 9), max_size=3) | SAMPLES | st.integers() | st.none()
PAYLOADS = st.dictionaries(KEYS, st.dictionaries(KEYS, LEAVES, max_size=3) | LEAVES, max_size=3)
USUAL = {"pulse": {"trace": [{"value": 1}], "rate": []}, "metadata": {"id": 1}}


@given(st.lists(PAYLOADS, max_size=6))
@example([USUAL, {"pulse": {"trace": [{"value": 1}, 2]}}])
@example([USUAL, {"pulse": {"trace": [{"value": 1}], "value": 3}}])
@example([USUAL, {"pulse": {"time": 3}}])
@example([USUAL, {"pulse": [{"value": 1}]}])
def test_what_is_found_is_what_a_walk_finds(payloads):
    """
    Whatever came before it on the channel.
    """
    layout = PayloadLayout("edge_metrics")
    for payload in payloads:
        walked = [(f"edge_metrics/{name}", found) for name, found in _walk(payload)]

        assert walked == list(layout.lists_of(payload))


def _walk(payload):
    return measurement_lists(payload)


def test_a_publisher_that_makes_up_names_fills_no_memory():
    """
    Beyond as many series as a session may have, forms are not remembered.
    """
    layout = PayloadLayout("edge_metrics")
    for number in range(3 * MAX_SERIES):
        layout.lists_of({f"group{number}": {"trace": [{"value": 1}]}})

    assert len(layout._leaves) <= MAX_SERIES + 1
