"""Grafana's dashboards: fresh, of Grafana's own form, and of metrics that there are."""

import json
import re

import pytest

from dashboards import render
from dashboards.document import SCHEMA_VERSION
from tests.support.promql import DASHBOARDS, dashboards, known, metrics_in
from tests.support.rig_files import text

EVERY = pytest.mark.parametrize("path", dashboards(), ids=lambda path: path.stem)


def load(path):
    return json.loads(path.read_text())


def panels(path):
    return [panel for panel in load(path)["panels"] if panel["type"] != "row"]


def queries(path):
    return [target["expr"] for panel in panels(path) for target in panel["targets"]]


def test_the_dashboards_are_what_their_code_makes():
    """
    Repair: make dashboards, and commit what it wrote.
    """
    written = {path.name: path.read_text() for path in DASHBOARDS.iterdir()}

    assert render() == written, "config/grafana/dashboards is stale; run: make dashboards"


def test_there_are_four_dashboards():
    """
    The fleet, one camera, the pipeline, and the recording with its disk.
    """
    assert {"fleet", "camera", "pipeline", "recording"} == {path.stem for path in dashboards()}


@EVERY
def test_every_dashboard_is_of_one_style(path):
    """
    Title, description and unit in every panel, a variable for the camera, not editable.
    """
    board = load(path)
    variables = [variable["name"] for variable in board["templating"]["list"]]

    assert re.fullmatch("vitalrig-[a-z]+", board["uid"])
    assert (SCHEMA_VERSION, False, True) == (
        board["schemaVersion"], board["editable"], "camera" in variables,
    )  # fmt: skip
    for panel in panels(path):
        assert panel["title"]
        assert panel["description"].endswith(".")
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert all(target["expr"] for target in panel["targets"])


@EVERY
def test_no_two_panels_lie_on_one_another(path):
    """
    The grid has 24 columns, and every place in it one panel.
    """
    taken = [
        (x, y)
        for panel in load(path)["panels"]
        for grid in [panel["gridPos"]]
        for x in range(grid["x"], grid["x"] + grid["w"])
        for y in range(grid["y"], grid["y"] + grid["h"])
    ]

    assert len(set(taken)) == len(taken)
    assert all(x < 24 for x, _ in taken)


@EVERY
def test_every_metric_of_a_dashboard_exists(path):
    """
    A renamed metric would empty its panel.
    """
    document = load(path)
    annotations = [annotation["expr"] for annotation in document["annotations"]["list"]]
    variables = [variable["query"]["query"] for variable in document["templating"]["list"]]
    asked = re.findall(r"label_values\((\w+),", " ".join(variables))
    used = set().union(asked, *map(metrics_in, [*queries(path), *annotations]))

    assert asked
    assert set() == used - known()


@EVERY
def test_every_data_source_is_the_one_that_is_provisioned(path):
    """
    ${DS_PROMETHEUS} is filled in by the import page alone; provisioned panels would be empty.
    """
    uids = re.findall(
        r'"datasource": \{\s*"type": "prometheus",\s*"uid": "([^"]*)"', path.read_text()
    )
    provisioned = text("config/grafana/provisioning/datasources/prometheus.yml")

    assert {"prometheus"} == set(uids)
    assert path.read_text().count('"datasource"') == len(uids)
    assert "uid: prometheus " in provisioned
    assert "${" not in path.read_text()


@EVERY
def test_a_gap_in_the_data_is_a_visible_gap(path):
    """
    No number is shown that was not measured.
    """
    spans = [
        panel["fieldConfig"]["defaults"]["custom"]["spanNulls"]
        for panel in panels(path)
        if panel["type"] == "timeseries"
    ]

    assert {False} == set(spans)


@EVERY
def test_the_two_heartbeats_are_not_confused(path):
    """
    A person's is called pulse, so that nothing else can be taken for it.
    """
    assert not re.search(r"heart[ _-]?rate", path.read_text(), re.IGNORECASE)


@EVERY
def test_no_dashboard_shows_waveforms(path):
    """
    A wave that is looked at every five seconds comes out as another one.
    """
    waves = {name for name in known() if re.search(r"phasic|micromotion", name)}

    assert waves
    assert set() == waves & set().union(*map(metrics_in, queries(path)))
