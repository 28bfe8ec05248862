"""Dashboards: current, complete, and asking only for what there is."""

import json
from itertools import combinations

import pytest
import yaml
from click.testing import CliRunner
from monitored import DASHBOARDS, MANIFESTS, chosen, families, names, queries
from scrapers import told

from manifests.monitoring.__main__ import DASHBOARDS as DEFINED
from manifests.monitoring.__main__ import main, stale

EVERY = pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: f"{path.parent.name}-{path.stem}")
#: what the cluster dashboard is looked at for
ASKED = {
    "Running pods",
    "Failed pods",
    "Node conditions",
    "Pods by phase",
    "Active namespaces",
    "Replicas desired and available",
    "Mismatches",
    "Container restarts, the most in an hour",
}


def test_files_are_current():
    """No definition was changed without its files; `python -m manifests.monitoring` writes them."""
    assert stale(MANIFESTS) == []
    assert {path.stem for path in DASHBOARDS} == {dashboard.name for dashboard in DEFINED}
    assert len(DASHBOARDS) == 2 * len(DEFINED)


def test_check_names_what_is_not_current(tmp_path):
    """A file that differs, is missing or is of no dashboard is named and the exit status is 1; writing mends all."""
    (tmp_path / "alerts").mkdir()
    run = CliRunner()
    assert run.invoke(main, [str(tmp_path)]).exit_code == 0
    assert run.invoke(main, ["--check", str(tmp_path)]).exit_code == 0
    (tmp_path / "dashboards/grafana/shardex.json").write_text("{}")
    (tmp_path / "dashboards/signoz/shardex.json").unlink()
    (tmp_path / "dashboards/signoz/old.json").write_text("{}")
    checked = run.invoke(main, ["--check", str(tmp_path)])
    assert checked.exit_code == 1
    assert [line.partition(" is not current")[0] for line in checked.output.splitlines()] == [
        str(tmp_path / "dashboards" / name)
        for name in ("grafana/shardex.json", "signoz/old.json", "signoz/shardex.json")
    ]
    assert run.invoke(main, [str(tmp_path)]).exit_code == 0
    assert stale(tmp_path) == []


@EVERY
def test_they_ask_for_what_there_is(path):
    """Every series in a query is one that shardex prints."""
    asked = {name for _, expr in queries(path) for name in names(expr)}
    assert asked
    assert asked - families() == set()


@EVERY
def test_queries_are_promql(path, tmp_path):
    """Prometheus understands each of them: they pass as recording rules."""
    recorded = [{"record": f"query:number:{at}", "expr": chosen(expr)} for at, (_, expr) in enumerate(queries(path))]
    rules = tmp_path / "rules.yaml"
    for expr, wanted in ((None, 0), ("sum(", 1)):
        more = [{"record": "query:broken", "expr": expr}] if expr else []
        rules.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": recorded + more}]}))
        status, said = told("promtool", "check", "rules", rules)
        assert status == wanted, said


@pytest.mark.parametrize("dashboard", DEFINED, ids=lambda dashboard: dashboard.name)
def test_both_tools_ask_the_same(dashboard):
    """A panel shows the same in Grafana and in SigNoz."""
    [grafana, signoz] = (
        queries(MANIFESTS / "dashboards" / tool / f"{dashboard.name}.json") for tool in ("grafana", "signoz")
    )
    defined = [(panel.title, query.expr) for row in dashboard.rows for panel in row.panels for query in panel.queries]
    assert grafana == signoz == defined


def test_the_cluster_dashboard_is_complete():
    """What users of kube-state-metrics look for first is there."""
    [cluster] = [dashboard for dashboard in DEFINED if dashboard.name == "kubernetes-cluster"]
    assert {panel.title for row in cluster.rows for panel in row.panels} >= ASKED


def boxes(path):
    """(row, x, y, width, height) of every panel, and the columns that there are."""
    document = json.loads(path.read_text())
    if "panels" in document:
        at = [panel["gridPos"] for panel in document["panels"] if panel["type"] != "row"]
        return 24, [(0, box["x"], box["y"], box["w"], box["h"]) for box in at]
    rows = enumerate(layout["spec"]["items"] for layout in document["spec"]["layouts"])
    return 12, [(row, box["x"], box["y"], box["width"], box["height"]) for row, items in rows for box in items]


@EVERY
def test_panels_lie_side_by_side(path):
    """None over another, none beyond the edge, none left out."""
    columns, found = boxes(path)
    panels = {title for title, _ in queries(path)}
    assert len(found) == len(panels)
    assert all(x >= 0 and width > 0 and x + width <= columns for _, x, _, width, _ in found)
    for (row, x, y, width, height), (row2, x2, y2, width2, height2) in combinations(found, 2):
        apart = x + width <= x2 or x2 + width2 <= x or y + height <= y2 or y2 + height2 <= y
        assert row != row2 or apart


@EVERY
def test_panels_are_explained_and_found_again(path):
    """Each panel has a title of its own and a description; ids are unique and the data source is chosen by the user."""
    document = json.loads(path.read_text())
    if "panels" in document:
        panels = [panel for panel in document["panels"] if panel["type"] != "row"]
        ids = [panel["id"] for panel in document["panels"]]
        said = [(panel["title"], panel["description"]) for panel in panels]
        assert {panel["datasource"]["uid"] for panel in panels} == {"${datasource}"}
    else:
        panels = document["spec"]["panels"]
        ids = [item["content"]["$ref"] for layout in document["spec"]["layouts"] for item in layout["spec"]["items"]]
        said = [(one["spec"]["display"]["name"], one["spec"]["display"]["description"]) for one in panels.values()]
        assert ids == [f"#/spec/panels/{name}" for name in panels]
        # PromQL is drawn by these only; SigNoz refuses the import of another.
        kinds = {"signoz/NumberPanel", "signoz/TimeSeriesPanel", "signoz/BarChartPanel"}
        assert {one["spec"]["plugin"]["kind"] for one in panels.values()} <= kinds
    assert len(set(ids)) == len(ids)
    assert len({title for title, _ in said}) == len(said)
    assert all(text.endswith(".") for _, text in said)
