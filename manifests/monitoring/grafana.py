"""A dashboard as Grafana 11 imports it, made by Grafana's own builders."""

from collections.abc import Callable

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, table, timeseries
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common as words
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from manifests.monitoring.dashboard import Dashboard, Look, Panel, Variable

_Built = stat.Panel | table.Panel | timeseries.Panel
_SOURCE = model.DataSourceRef(type_val="prometheus", uid="${datasource}")


def text(definition: Dashboard) -> str:
    """JSON of a file; the data source is chosen when it is looked at."""
    built = (
        dashboard.Dashboard(definition.title)
        .uid(definition.name)
        .description(definition.says)
        .tags(["kubernetes", "shardex"])
        .refresh("1m")
        .time("now-6h", "now")
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .with_variable(dashboard.DatasourceVariable("datasource").type("prometheus").label("Data source"))
    )
    for variable in definition.variables:
        built = built.with_variable(_variable(variable))
    number = 0
    for row in definition.rows:
        number += 1
        built = built.with_row(dashboard.Row(row.title).id(number))
        for panel in row.panels:
            number += 1
            built = built.with_panel(_panel(panel, number))
    return JSONEncoder(sort_keys=True, indent=2).encode(built.build()) + "\n"


def _variable(variable: Variable) -> Builder[model.VariableModel]:
    return (
        dashboard.QueryVariable(variable.label)
        .datasource(_SOURCE)
        .query(f"label_values({variable.family}, {variable.label})")
        .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(model.VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        # Not the list of all values: series without the label are meant, too.
        .all_value(".*")
        .current(model.VariableOption(selected=True, text="All", value="$__all"))
    )


def _panel(panel: Panel, number: int) -> _Built:
    now = panel.look in {Look.NUMBER, Look.TABLE}
    built = _LOOKS[panel.look]()
    built = built.id(number).title(panel.title).description(panel.says).datasource(_SOURCE)
    built = built.span(panel.width).height(panel.height).unit(panel.unit).thresholds(_thresholds(panel.alarm))
    for place, query in enumerate(panel.queries):
        target = prometheus.Dataquery().ref_id(chr(ord("A") + place)).expr(query.expr).datasource(_SOURCE)
        target = target.instant() if now else target.range()
        if panel.look is Look.TABLE:
            target = target.format(PromQueryFormat.TABLE)
        built = built.with_target(target.legend_format(query.legend or panel.title))
    return built


def _thresholds(alarm: float | None) -> dashboard.ThresholdsConfig:
    steps = [model.Threshold(value=None, color="green")]
    if alarm is not None:
        steps.append(model.Threshold(value=alarm, color="red"))
    return dashboard.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(steps)


def _number() -> stat.Panel:
    built = stat.Panel().color_mode(words.BigValueColorMode.VALUE).graph_mode(words.BigValueGraphMode.NONE)
    return built.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"])).no_value("-")


def _lines() -> timeseries.Panel:
    legend = common.VizLegendOptions().display_mode(words.LegendDisplayMode.LIST).show_legend(True)
    legend = legend.placement(words.LegendPlacement.BOTTOM)
    tooltip = common.VizTooltipOptions().mode(words.TooltipDisplayMode.MULTI).sort(words.SortOrder.DESCENDING)
    return timeseries.Panel().legend(legend).tooltip(tooltip).min(0)


def _stack() -> timeseries.Panel:
    return _lines().fill_opacity(30).stacking(common.StackingConfig().mode(words.StackingMode.NORMAL))


def _table() -> table.Panel:
    # The time of an instant query is now.
    return table.Panel().with_transformation(model.DataTransformerConfig(id_val="organize", options=_HIDDEN))


_HIDDEN = {"excludeByName": {"Time": True}}
_LOOKS: dict[Look, Callable[[], _Built]] = {
    Look.NUMBER: _number,
    Look.LINES: _lines,
    Look.STACK: _stack,
    Look.TABLE: _table,
}
