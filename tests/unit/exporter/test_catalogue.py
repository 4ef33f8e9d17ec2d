"""The table of all metrics, and that nothing else can be exported."""

import re
from pathlib import Path

import pytest

from services.exporter.catalogue import CATALOGUE, METRICS
from services.exporter.exported_signals import EXPORTED_SIGNALS
from vitalrig.metrics.families import Families

DOCS = (Path(__file__).parents[3] / "docs" / "reference" / "metrics.md").read_text()

SECRET_OR_ENDLESS = re.compile(r"session|run|patient|subject|file_name|path_name|url|pid|host|id$")
CLASHING = {"type", "region", "zone", "cluster", "environment", "env", "stage", "job", "instance"}


def by_name(metrics):
    return pytest.mark.parametrize("metric", metrics, ids=lambda metric: metric.name)


def test_every_name_is_there_once():
    """
    A second declaration would hide the first.
    """
    assert len(METRICS) == len(CATALOGUE)


@by_name(METRICS)
def test_a_name_says_its_kind_and_its_unit(metric):
    """
    As Prometheus people expect: base units in the name, _total and _info at its end.
    """
    expected = {"counter": "_total", "info": "_info"}.get(metric.kind, "")

    assert re.fullmatch(r"vitalrig_[a-z0-9_]+", metric.name)
    assert metric.name.endswith(expected)
    assert metric.family.endswith(metric.unit)
    assert metric.help.endswith((".", "*"))
    assert metric.kind == "counter" or not metric.name.endswith("_total")


@by_name(METRICS)
def test_no_label_is_a_name_of_a_person_or_a_session(metric):
    """
    Such values never end and say who somebody is.
    """
    assert [] == [label for label in metric.labels if SECRET_OR_ENDLESS.search(label)]
    assert set() == CLASHING & set(metric.labels)


@by_name(METRICS)
def test_a_pipelines_heartbeat_is_never_called_a_heart_rate(metric):
    """
    The word heart rate is the patient's.
    """
    assert "heart_rate" not in metric.name
    assert "heart rate" not in metric.help.lower()


@by_name(METRICS)
def test_a_metric_is_in_the_docs(metric):
    """
    If this fails: make docs, and commit what it wrote.
    """
    assert f"| `{metric.name}` | {metric.kind} |" in DOCS


def test_the_docs_know_no_other_metric():
    """
    What is no longer made is no longer promised.
    """
    assert set(CATALOGUE) == set(re.findall(r"^\| `(vitalrig_\w+)`", DOCS, re.MULTILINE))


def test_every_signal_has_its_metrics():
    """
    The table of signals names metrics that are declared.
    """
    named = {
        name for signal in EXPORTED_SIGNALS for name in (signal.metric, signal.confidence) if name
    }

    assert named <= CATALOGUE.keys()


def test_an_undeclared_metric_cannot_be_exported():
    """
    Who wants a new metric declares it first.
    """
    with pytest.raises(KeyError):
        Families(CATALOGUE).add("vitalrig_made_up", 1)


def test_an_undeclared_label_cannot_be_exported():
    """
    Nor can one be left out.
    """
    families = Families(CATALOGUE)

    with pytest.raises(ValueError, match="has the labels"):
        families.add("vitalrig_redis_up", 1, "physiology")
    with pytest.raises(ValueError, match="has the labels"):
        families.add("vitalrig_recording_active", 1)


def test_an_undeclared_state_cannot_be_exported():
    """
    A stateset has the declared states and no value of its own.
    """
    families = Families(CATALOGUE)

    with pytest.raises(ValueError, match="states"):
        families.add_state("vitalrig_signal_state", "asleep", "physiology", "pulse")
    with pytest.raises(ValueError, match="states"):
        families.add("vitalrig_signal_state", 1, "physiology", "pulse")
