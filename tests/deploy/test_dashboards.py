"""Grafana's dashboards: fresh, of Grafana's own form, and of metrics that there are."""

import json
import re
import sys
import typing
from enum import Enum

import pytest
from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as grafana
from jsonschema import Draft202012Validator

from dashboards import render
from dashboards.document import SCHEMA_VERSION
from tests.support.promql import DASHBOARDS, dashboards, known, metrics_in
from tests.support.rig_files import text

EVERY = pytest.mark.parametrize("path", dashboards(), ids=lambda path: path.stem)
ANNOTATIONS_OF_PROMETHEUS = {
    f"dashboard.annotations.list[{number}].{key}"
    for number in range(2)
    for key in ("titleFormat", "step")
}
"""What the Prometheus data source adds to an annotation, and Grafana's model leaves open."""
SOURCE = {
    "type": "object",
    "properties": {"type": {"const": "prometheus"}, "uid": {"const": "prometheus"}},
    "required": ["type", "uid"],
}
PANEL = {
    "type": "object",
    "properties": {
        "id": {"type": "integer", "minimum": 1},
        "title": {"type": "string", "minLength": 1},
        "description": {"type": "string", "pattern": r"\.$"},
        "type": {"enum": ["stat", "table", "timeseries", "state-timeline"]},
        "datasource": SOURCE,
        "gridPos": {
            "type": "object",
            "properties": {
                "x": {"type": "integer", "minimum": 0, "maximum": 23},
                "y": {"type": "integer", "minimum": 0},
                "w": {"type": "integer", "minimum": 1, "maximum": 24},
                "h": {"type": "integer", "minimum": 1},
            },
            "required": ["x", "y", "w", "h"],
        },
        "targets": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "properties": {
                    "expr": {"type": "string", "minLength": 1},
                    "refId": {"type": "string", "pattern": "^[A-Z]$"},
                    "datasource": SOURCE,
                },
                "required": ["expr", "refId", "datasource", "legendFormat"],
            },
        },
        "fieldConfig": {
            "type": "object",
            "properties": {
                "defaults": {
                    "type": "object",
                    "properties": {"unit": {"type": "string", "minLength": 1}},
                    "required": ["unit"],
                }
            },
            "required": ["defaults"],
        },
    },
    "required": [
        "id", "title", "description", "type", "datasource", "gridPos", "targets", "fieldConfig",
    ],
}  # fmt: skip
HOUSE_STYLE = {
    "type": "object",
    "properties": {
        "uid": {"type": "string", "pattern": "^vitalrig-[a-z]+$"},
        "schemaVersion": {"const": SCHEMA_VERSION},
        "editable": {"const": False},
        "panels": {
            "type": "array",
            "items": {
                "if": {"properties": {"type": {"const": "row"}}},
                "then": {"required": ["title", "gridPos"]},
                "else": PANEL,
            },
        },
        "templating": {
            "type": "object",
            "properties": {
                "list": {"type": "array", "contains": {"properties": {"name": {"const": "camera"}}}}
            },
        },
    },
    "required": ["uid", "title", "schemaVersion", "editable", "panels", "templating", "time"],
    "not": {"anyOf": [{"required": ["__inputs"]}, {"required": ["__requires"]}]},
}
"""What we promise of our dashboards. It is not a schema of Grafana's; its models are, see below."""


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
def test_no_dashboard_says_anything_that_grafanas_models_do_not_know(path):
    """
    Read by the models of Grafana 11.6 and written again, nothing is missing: every key is theirs.
    """
    again = json.loads(json.dumps(model_of(path), cls=JSONEncoder))

    assert ANNOTATIONS_OF_PROMETHEUS == set(lost(load(path), again, "dashboard"))


@EVERY
def test_every_value_has_the_type_that_grafanas_models_give_it(path):
    """
    A number where Grafana wants text would be refused, or shown as nothing.
    """
    assert [] == list(mistyped(model_of(path), "dashboard"))


@EVERY
def test_every_dashboard_is_of_one_style(path):
    """
    Title, description and unit in every panel, one data source, one variable, not editable.
    """
    errors = Draft202012Validator(HOUSE_STYLE).iter_errors(load(path))

    assert [] == [f"{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in errors]


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


def model_of(path):
    """The dashboard as Grafana's models read it, which leave transformations as they are."""
    plugins.register_default_plugins()
    model = grafana.Dashboard.from_json(load(path))
    for panel in model.panels:
        if getattr(panel, "transformations", None):
            read = grafana.DataTransformerConfig.from_json
            panel.transformations = list(map(read, panel.transformations))
    return model


def lost(before, after, place):
    """Places of a document that are not, or not the same, in another, which may have more."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key, each in before.items():
            if key in after:
                yield from lost(each, after[key], f"{place}.{key}")
            else:
                yield f"{place}.{key}"
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (each, other) in enumerate(zip(before, after, strict=True)):
            yield from lost(each, other, f"{place}[{number}]")
    elif before != after:
        yield place


def mistyped(value, place):
    """Places in a model whose value is not of the type that its class declares."""
    module = sys.modules[type(value).__module__]
    for name, kind in typing.get_type_hints(type(value), vars(module)).items():
        found = getattr(value, name)
        if not fits(found, kind):
            yield f"{place}.{name}: {found!r} is not a {kind}"
        for number, each in enumerate(found if isinstance(found, list) else [found]):
            ours = type(each).__module__.startswith("grafana_foundation_sdk.models")
            if ours and not isinstance(each, Enum):
                yield from mistyped(each, f"{place}.{name}[{number}]")


def fits(value, kind):
    """Whether a value may stand where the annotation *kind* does, as JSON is read."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Union:
        return any(fits(value, each) for each in arguments)
    if origin is typing.Literal:
        return value in arguments
    if origin is list:
        return isinstance(value, list) and all(fits(each, arguments[0]) for each in value)
    if origin is dict:
        return isinstance(value, dict) and all(fits(each, arguments[1]) for each in value.values())
    return fits_plain(value, kind)


def fits_plain(value, kind):
    if kind in (object, typing.Any):
        return True
    if issubclass(kind, Enum):
        return value in list(kind)
    wanted = (int, float) if kind is float else kind
    return isinstance(value, wanted) and (kind is bool or not isinstance(value, bool))
