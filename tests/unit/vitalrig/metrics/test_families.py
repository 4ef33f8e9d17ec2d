"""What may be on a page."""

import pytest

from vitalrig.metrics.exposition import render
from vitalrig.metrics.families import Families
from vitalrig.metrics.metric import counter, histogram

WAITED = histogram("probe_wait_seconds", "Waits.", "room", unit="seconds", limits=(0.5, 1.0))
DONE = counter("probe_done_total", "Units of work.", "room")


@pytest.fixture
def families():
    return Families({metric.name: metric for metric in (WAITED, DONE)})


def test_a_histogram_says_how_many_were_up_to_each_limit(families):
    """
    Reports count by bucket; Prometheus adds up.
    """
    families.add_histogram("probe_wait_seconds", [2, 0, 1], 2.5, "ward")

    assert [
        'probe_wait_seconds_bucket{le="0.5",room="ward"} 2.0',
        'probe_wait_seconds_bucket{le="1.0",room="ward"} 2.0',
        'probe_wait_seconds_bucket{le="+Inf",room="ward"} 3.0',
        'probe_wait_seconds_count{room="ward"} 3.0',
        'probe_wait_seconds_sum{room="ward"} 2.5',
    ] == [
        line
        for line in render(families, openmetrics=False).decode().splitlines()
        if line.startswith("probe_wait")
    ]


@pytest.mark.parametrize(
    ("name", "counts", "labels"),
    [
        ("probe_wait_seconds", [1, 2], ("ward",)),
        ("probe_wait_seconds", [1, 2, 3], ()),
        ("probe_done_total", [1, 2, 3], ("ward",)),
        ("probe_done_total", [1], ("ward",)),
    ],
    ids=["other limits", "other labels", "no histogram", "one count"],
)
def test_an_undeclared_histogram_cannot_be_shown(families, name, counts, labels):
    """
    Its limits are declared like its labels.
    """
    with pytest.raises(ValueError, match="limits"):
        families.add_histogram(name, counts, 1.0, *labels)


def test_a_histogram_has_no_single_value(families):
    """
    A number under its name would be of no type.
    """
    with pytest.raises(ValueError, match="limits"):
        families.add("probe_wait_seconds", 1, "ward")


def test_all_of_one_page_goes_onto_another(families):
    """
    A source's part is whole before it is taken.
    """
    families.add("probe_done_total", 1, "ward")
    families.add_histogram("probe_wait_seconds", [2, 0, 1], 2.5, "ward")
    whole = Families({metric.name: metric for metric in (WAITED, DONE)})
    whole.take(families)

    assert render(families, openmetrics=True) == render(whole, openmetrics=True)
