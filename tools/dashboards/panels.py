"""
Panels in the few forms that the dashboards use.
"""

from collections.abc import Mapping
from string import ascii_uppercase

from grafana_foundation_sdk.builders import common as build_common
from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.builders import prometheus, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from dashboards.document import DATA_SOURCE

PER_MINUTE = "suffix: /min"
PER_SECOND = "suffix: /s"
RATIO = "percentunit"
SECONDS = "s"
BYTES = "bytes"
BYTES_PER_SECOND = "Bps"
HERTZ = "hertz"
COUNT = "short"
NO_UNIT = "none"

Queries = Mapping[str, str]
"""PromQL expressions by their legend."""

STATES = {
    "settling": (1, "blue"),
    "valid": (2, "green"),
    "held": (3, "yellow"),
    "stale": (4, "orange"),
    "lost": (5, "red"),
}
"""A signal's states: the number that each has in a panel, and its colour."""
YES_NO = {"0": ("no", "text"), "1": ("yes", "green")}
UP_DOWN = {"0": ("DOWN", "red"), "1": ("up", "green")}


def state_number(by: str, selector: str) -> str:
    """
    Return the expression that gives a signal's state as one number, as panels need it.

    Args:
        by: Labels that are left.
        selector: Matchers of the signals, without braces.
    """
    return " + ".join(
        f"{number} * max by ({by}) "
        f'(vitalrig_signal_state{{{selector}, vitalrig_signal_state="{state}"}})'
        for state, (number, _) in STATES.items()
    )


def lines(
    title: str, description: str, unit: str, queries: Queries, *, width: int = 12, top: float = 0
) -> timeseries.Panel:
    """
    Return curves over time. A gap in the data is a gap in the curve.

    Args:
        title: What is shown.
        description: What it means.
        unit: Grafana's name of the unit.
        queries: What is asked.
        width: Of the 24 columns of a dashboard.
        top: Upper end of the axis; 0 leaves it to the data.
    """
    panel = (
        timeseries.Panel()
        .title(title)
        .description(description)
        .datasource(DATA_SOURCE)
        .span(width)
        .height(8)
        .unit(unit)
        .line_width(2)
        .fill_opacity(0)
        .span_nulls(False)
        .show_points(common.VisibilityMode.AUTO)
        .color_scheme(build.FieldColor().mode(dashboard.FieldColorModeId.PALETTE_CLASSIC))
        .legend(
            build_common.VizLegendOptions()
            .display_mode(common.LegendDisplayMode.LIST)
            .placement(common.LegendPlacement.BOTTOM)
            .show_legend(True)
        )
        .tooltip(
            build_common.VizTooltipOptions()
            .mode(common.TooltipDisplayMode.MULTI)
            .sort(common.SortOrder.NONE)
        )
    )
    if top:
        panel.min(0).max(top)
    for query in _ranges(queries):
        panel.with_target(query)
    return panel


def number(
    title: str,
    description: str,
    unit: str,
    queries: Queries,
    *,
    width: int = 4,
    values: Mapping[str, tuple[str, str]] | None = None,
    bad_below: float | None = None,
    bad_from: float | None = None,
) -> stat.Panel:
    """
    Return one big number, the newest; ``--`` where there is none.

    Args:
        title: What is shown.
        description: What it means.
        unit: Grafana's name of the unit.
        queries: What is asked; labels of the answer are in the legends.
        width: Of the 24 columns of a dashboard.
        values: Text and colour for certain values.
        bad_below: Red below this.
        bad_from: Red from this on.
    """
    panel = (
        stat.Panel()
        .title(title)
        .description(description)
        .datasource(DATA_SOURCE)
        .span(width)
        .height(4)
        .unit(unit)
        .no_value("--")
        .mappings(_mappings(values or {}))
        .reduce_options(build_common.ReduceDataOptions().values(False).calcs(["lastNotNull"]))
        .graph_mode(common.BigValueGraphMode.NONE)
        .color_mode(common.BigValueColorMode.VALUE)
        .thresholds(_thresholds(bad_below, bad_from))
    )
    for query in _instants(queries):
        panel.with_target(query)
    return panel


def words(title: str, description: str, expr: str, label: str, *, width: int = 4) -> stat.Panel:
    """
    Return what a label says, for metrics whose value is always 1.
    """
    panel = number(title, description, NO_UNIT, {f"{{{{{label}}}}}": expr}, width=width)
    return panel.text_mode(common.BigValueTextMode.NAME)


def states(
    title: str, description: str, queries: Queries, *, width: int = 24
) -> statetimeline.Panel:
    """
    Return the states of signals over time, in words and colours.
    """
    panel = (
        statetimeline.Panel()
        .title(title)
        .description(description)
        .datasource(DATA_SOURCE)
        .span(width)
        .height(7)
        .unit(NO_UNIT)
        .show_value(common.VisibilityMode.AUTO)
        .mappings(_mappings({str(n): (state, colour) for state, (n, colour) in STATES.items()}))
        .color_scheme(build.FieldColor().mode(dashboard.FieldColorModeId.THRESHOLDS))
        .thresholds(_thresholds(None, None))
    )
    for query in _ranges(queries):
        panel.with_target(query)
    return panel


def rows(
    title: str, description: str, queries: Queries, *, width: int = 24, hidden: tuple[str, ...] = ()
) -> table.Panel:
    """
    Return a table: one line for each set of labels, one column for each query, named by its key.
    """
    columns = {f"Value #{ref}": name for ref, name in zip(ascii_uppercase, queries, strict=False)}
    only = {"Value": next(iter(queries))} if len(queries) == 1 else {}
    panel = (
        table.Panel()
        .title(title)
        .description(description)
        .datasource(DATA_SOURCE)
        .span(width)
        .height(8)
        .unit(NO_UNIT)
        .no_value("--")
        .with_transformation(dashboard.DataTransformerConfig(id_val="merge", options={}))
        .with_transformation(
            dashboard.DataTransformerConfig(
                id_val="organize",
                options={
                    "excludeByName": dict.fromkeys(("Time", *hidden), True),
                    "renameByName": {**columns, **only},
                },
            )
        )
    )
    for query in _instants(queries):
        panel.with_target(query.format(PromQueryFormat.TABLE))
    return panel


def _queries(queries: Queries) -> list[prometheus.Dataquery]:
    return [
        prometheus.Dataquery().expr(expr).legend_format(legend).ref_id(ref).datasource(DATA_SOURCE)
        for ref, (legend, expr) in zip(ascii_uppercase, queries.items(), strict=False)
    ]


def _ranges(queries: Queries) -> list[prometheus.Dataquery]:
    return [query.range() for query in _queries(queries)]


def _instants(queries: Queries) -> list[prometheus.Dataquery]:
    return [query.instant() for query in _queries(queries)]


def _mappings(values: Mapping[str, tuple[str, str]]) -> list[dashboard.ValueMapping]:
    if not values:
        return []
    results = {
        value: dashboard.ValueMappingResult(text=text, color=colour, index=index)
        for index, (value, (text, colour)) in enumerate(values.items())
    }
    return [dashboard.ValueMap(options=results)]


def _thresholds(bad_below: float | None, bad_from: float | None) -> build.ThresholdsConfig:
    steps = [dashboard.Threshold(value=None, color="text" if bad_below is None else "red")]
    if bad_below is not None:
        steps.append(dashboard.Threshold(value=bad_below, color="text"))
    if bad_from is not None:
        steps.append(dashboard.Threshold(value=bad_from, color="red"))
    return build.ThresholdsConfig().mode(dashboard.ThresholdsMode.ABSOLUTE).steps(steps)
