"""A dashboard as SigNoz imports it: schema v6, twelve columns, one query a panel, of which several make a composite."""

import hashlib
import json
from typing import Any

from manifests.monitoring.dashboard import COLUMNS, Dashboard, Look, Panel, Query, Row, Variable

_COLUMNS = 12
_NUMBER_WIDTH = 3
# SigNoz draws no tables of PromQL; a line a series says the same.
_KINDS = {
    Look.NUMBER: "signoz/NumberPanel",
    Look.LINES: "signoz/TimeSeriesPanel",
    Look.STACK: "signoz/BarChartPanel",
    Look.TABLE: "signoz/TimeSeriesPanel",
}


def text(definition: Dashboard) -> str:
    """JSON of a file."""
    document = {
        "schemaVersion": "v6",
        "generateName": True,
        "tags": [{"key": "tag", "value": value} for value in ("kubernetes", "shardex")],
        "spec": {
            "display": {"name": definition.title, "description": definition.says},
            "variables": [_variable(variable) for variable in definition.variables],
            "panels": {_id(definition, row, panel): _panel(panel) for row in definition.rows for panel in row.panels},
            "layouts": [_grid(definition, row) for row in definition.rows],
            "duration": "6h",
            "refreshInterval": "1m",
        },
    }
    return json.dumps(document, indent=2) + "\n"


def _id(definition: Dashboard, row: Row, panel: Panel) -> str:
    """The same in every version, so that importing anew changes what changed only."""
    return hashlib.sha256(f"{definition.name}/{row.title}/{panel.title}".encode()).hexdigest()[:12]


def _variable(variable: Variable) -> dict[str, Any]:
    return {
        "kind": "ListVariable",
        "spec": {
            "name": variable.label,
            "display": {"name": variable.label, "description": ""},
            "allowAllValue": True,
            "allowMultiple": True,
            "sort": "alphabetical-asc",
            "plugin": {"kind": "signoz/DynamicVariable", "spec": {"name": variable.label, "signal": "metrics"}},
        },
    }


def _panel(panel: Panel) -> dict[str, Any]:
    spec: dict[str, Any] = {"formatting": {"unit": panel.unit.value, "decimalPrecision": "2"}}
    if panel.look is Look.NUMBER and panel.alarm is not None:
        spec["thresholds"] = [{"value": panel.alarm, "operator": ">=", "color": "Red", "format": "text"}]
    if panel.look is Look.STACK:
        spec["visualization"] = {"stackedBarChart": True}
    number = panel.look is Look.NUMBER
    return {
        "kind": "Panel",
        "spec": {
            "display": {"name": panel.title, "description": panel.says},
            "plugin": {"kind": _KINDS[panel.look], "spec": spec},
            "queries": [
                {
                    "kind": "scalar" if number else "time_series",
                    "spec": {"name": "A", "plugin": _plugin(panel)},
                }
            ],
        },
    }


def _plugin(panel: Panel) -> dict[str, Any]:
    specs = [_query(query, chr(ord("A") + place)) for place, query in enumerate(panel.queries)]
    if len(specs) == 1:
        return {"kind": "signoz/PromQLQuery", "spec": specs[0]}
    return {"kind": "signoz/CompositeQuery", "spec": {"queries": [{"type": "promql", "spec": spec} for spec in specs]}}


def _query(query: Query, name: str) -> dict[str, Any]:
    return {"name": name, "query": query.expr, "legend": query.legend, "disabled": False}


def _grid(definition: Dashboard, row: Row) -> dict[str, Any]:
    items = []
    x = y = 0
    for panel in row.panels:
        width = _NUMBER_WIDTH if panel.look is Look.NUMBER else panel.width * _COLUMNS // COLUMNS
        height = panel.height * 3 // 4
        if x + width > _COLUMNS:
            x, y = 0, y + height
        content = {"$ref": f"#/spec/panels/{_id(definition, row, panel)}"}
        items.append({"x": x, "y": y, "width": width, "height": height, "content": content})
        x += width
    return {"kind": "Grid", "spec": {"display": {"title": row.title, "collapse": {"open": True}}, "items": items}}
