"""Our writers give what prometheus_client's give, only sooner."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from prometheus_client import generate_latest
from prometheus_client.exposition import choose_encoder
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from services.exporter.catalogue import CATALOGUE, METRICS
from tests.support.exporting import a_board, a_camera, a_report, page_of
from tests.support.prometheus_families import PrometheusFamilies
from vitalrig.clock import ManualClock
from vitalrig.metrics import exposition
from vitalrig.metrics.exposition import CONTENT_TYPE, OPENMETRICS, chosen_format, render
from vitalrig.metrics.families import Families

OLDER = (False, CONTENT_TYPE)
NEWER = (True, OPENMETRICS)

PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)

numbers = st.floats() | st.integers(-(2**63), 2**63)
texts = st.text(max_size=12)
chosen = st.tuples(st.sampled_from(METRICS), st.lists(texts, min_size=4, max_size=4), numbers)


def some_families(picks):
    families = Families(CATALOGUE)
    for metric, labels, value in picks:
        used = labels[: len(metric.labels)]
        if metric.limits:
            families.add_histogram(metric.name, [value] * (len(metric.limits) + 1), value, *used)
        elif metric.states:
            families.add_state(metric.name, metric.states[len(labels[0]) % 5], *used)
        else:
            families.add(metric.name, value, *used)
    return families


@settings(max_examples=60)
@given(st.lists(chosen, max_size=8))
@example([(METRICS[0], ['a"\\\n{}', "", "", ""], 1e6)])
@example([(METRICS[0], ["", "", "", ""], -1e6)])
@example([(METRICS[0], ["", "", "", ""], 999999.9999999999)])
@example([(METRICS[0], ["", "", "", ""], float("nan"))])
def test_both_formats_are_byte_for_byte_what_the_library_writes(picks):
    """
    Whatever the labels and the numbers are.
    """
    families = some_families(picks)

    same = PrometheusFamilies(families)

    assert generate_latest(same) == render(families, openmetrics=False)
    assert generate_openmetrics(same) == render(families, openmetrics=True)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", OLDER),
        ("*/*", OLDER),
        ("text/html,application/xhtml+xml", OLDER),
        ("application/openmetrics-text;version=1.0.0,text/plain;q=0.5", NEWER),
        (PROMETHEUS_3, NEWER),
        ("application/openmetrics-text", NEWER),
        ("application/openmetrics-text;version=0.0.1;q=0.75,text/plain;q=0.5", OLDER),
        ("application/openmetrics-text;version=9.0.0", NEWER),
    ],
    ids=[
        "nothing",
        "anything",
        "browser",
        "prometheus",
        "prometheus 3",
        "any version",
        "old prometheus",
        "the future",
    ],
)
def test_the_caller_chooses_the_format(accept, expected):
    """
    OpenMetrics for whoever takes the version that we write, the older text for all others.

    The library chooses alike.
    """
    assert expected == chosen_format(accept)
    assert expected[0] == choose_encoder(accept)[1].startswith("application/openmetrics-text")


def test_only_the_metrics_that_are_asked_for_are_written():
    """
    `?name[]=` as other exporters know it.
    """
    families = Families(CATALOGUE)
    families.add("vitalrig_redis_up", 1)
    families.add("vitalrig_redis_memory_used_bytes", 5)

    page = render(families, openmetrics=False, names=["vitalrig_redis_up"]).decode()

    assert ["vitalrig_redis_up 1.0"] == [line for line in page.splitlines() if line[0] != "#"]


def test_the_order_of_reports_does_not_matter():
    """
    A page has the order of the catalogue, whatever the order of the reports.
    """
    clock = ManualClock()
    one = a_board(clock, {"a": a_camera(clock), "b": a_camera(clock)}, {"s": a_report(clock)})
    other = a_board(clock, {"b": a_camera(clock), "a": a_camera(clock)}, {"s": a_report(clock)})

    assert page_of(one, clock) == page_of(other, clock)


def test_what_is_kept_between_scrapes_has_an_end(monkeypatch):
    """
    Cameras that come and go for years take no more memory, and change nothing on a page.
    """
    monkeypatch.setattr(exposition, "MOST_KEPT", 3)
    families = Families(CATALOGUE)
    for number in range(10):
        families.add("vitalrig_recording_active", 1, f"camera-{number}")
        families.add_state("vitalrig_signal_state", "held", f"camera-{number}", "pulse")

    assert generate_latest(PrometheusFamilies(families)) == render(families, openmetrics=False)
    assert len(exposition._braces(("camera",))) <= 3
