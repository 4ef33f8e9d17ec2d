"""
What all dashboards have in common: data source, camera variable, annotations, links, layout.
"""

from collections.abc import Sequence

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard as model

DATA_SOURCE = model.DataSourceRef(type_val="prometheus", uid="prometheus")
"""The one that config/grafana/provisioning/datasources gives this uid."""
SCHEMA_VERSION = 41
"""Grafana 11.6's; pinned, so that a newer SDK cannot change it in silence."""
TAG = "vitalrig"
_CAMERAS = "label_values(vitalrig_camera_last_report_timestamp_seconds, camera)"

Panels = Sequence[Builder[model.Panel]]
Row = tuple[str, Panels]
"""A heading and the panels below it."""


class RecordingAnnotation(model.AnnotationQuery):
    """An annotation with what the Prometheus data source adds to Grafana's model of one."""

    def to_json(self) -> dict[str, object]:
        """Return the model's fields, the title, and a step in which no edge is missed."""
        return {**super().to_json(), "titleFormat": f"{self.name}: {{{{camera}}}}", "step": "5s"}


class _Annotation(Builder[model.AnnotationQuery]):
    def __init__(self, annotation: model.AnnotationQuery) -> None:
        self._annotation = annotation

    def build(self) -> model.AnnotationQuery:
        return self._annotation


def _edge(name: str, colour: str, comparison: str) -> _Annotation:
    active = 'vitalrig_recording_active{camera=~"$camera"}'
    return _Annotation(
        RecordingAnnotation(
            name=name,
            datasource=DATA_SOURCE,
            icon_color=colour,
            expr=f"{active} {comparison} ({active} offset 5s)",
        )
    )


def camera_variable(*, many: bool) -> build.QueryVariable:
    """
    Return the template variable ``$camera``.

    Args:
        many: Let several cameras, or all, be chosen; else one.
    """
    variable = (
        build.QueryVariable("camera")
        .label("Camera")
        .datasource(DATA_SOURCE)
        .query({"query": _CAMERAS, "refId": "camera"})
        .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(model.VariableSort.ALPHABETICAL_ASC)
        .multi(many)
        .include_all(many)
    )
    if many:
        everything = model.VariableOption(text=["All"], value=["$__all"], selected=True)
        variable.all_value(".*").current(everything)
    return variable


def make(
    uid: str, title: str, description: str, rows: Sequence[Row], *, many_cameras: bool
) -> model.Dashboard:
    """
    Return a dashboard of rows of panels.
    """
    board = (
        build.Dashboard(title)
        .uid(uid)
        .description(description)
        .tags([TAG])
        .readonly()
        .version(1)
        .refresh("5s")
        .timezone("browser")
        .time("now-15m", "now")
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .with_variable(camera_variable(many=many_cameras))
        .annotation(_edge("Recording starts", "green", ">"))
        .annotation(_edge("Recording stops", "red", "<"))
        .link(
            build.DashboardLink("vitalrig")
            .type(model.DashboardLinkType.DASHBOARDS)
            .tags([TAG])
            .as_dropdown(False)
            .include_vars(True)
            .keep_time(True)
            .icon("external link")
        )
    )
    for heading, panels in rows:
        board.with_row(build.Row(heading))
        for panel in panels:
            board.with_panel(panel)
    made = board.build()
    made.schema_version = SCHEMA_VERSION
    for number, placed in enumerate(made.panels or (), start=1):
        placed.id_val = number
    return made
