"""Reading a page of metrics."""

import pytest

from vitalrig.testing.metric_samples import MetricSample, samples_of


@pytest.mark.parametrize(
    ("line", "sample"),
    [
        ("up 1", MetricSample("up", {}, 1.0)),
        ('a{b="c",d="e"} 2.5e3', MetricSample("a", {"b": "c", "d": "e"}, 2500.0)),
        ('a{b="x\\"y\\\\z\\n}"} NaN 17', MetricSample("a", {"b": 'x"y\\z\n}'}, float("nan"))),
        ("a{} +Inf", MetricSample("a", {}, float("inf"))),
    ],
)
def test_a_line_is_a_number_with_a_name_and_labels(line, sample):
    """
    With the escapes of the format undone.
    """
    (found,) = samples_of(f"# HELP a b\n# TYPE a gauge\n\n{line}\n")

    assert (sample.name, sample.labels) == (found.name, found.labels)
    assert repr(sample.value) == repr(found.value)
