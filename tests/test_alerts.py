"""Alerts and recording rules: promtool reads them, each fires when it should and only then, each is explained."""

import re

import pytest
import yaml
from helpers import DATA
from monitored import DOCS, MANIFESTS, RULES, alerts, families, names, rules
from scrapers import told

CASES = sorted((DATA / "alerts").glob("*.yaml"))
ALERTS = {name: rule for path in RULES for name, rule in alerts(path).items()}


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.name)
def test_promtool_reads_them(path):
    """No expression, template or field that Prometheus would refuse."""
    status, said = told("promtool", "check", "rules", path)
    assert status == 0, said
    assert f"SUCCESS: {len(rules(path))} rules found" in said


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name)
def test_they_fire_when_they_should(path):
    """Every case: silent before its time and beside what it is not about, loud with labels and words, silent after."""
    status, said = told("promtool", "test", "rules", path)
    assert status == 0, said


@pytest.mark.parametrize("name", ALERTS)
def test_every_alert_has_cases(name):
    """One that fires, one before and one after that do not, and series beside it that are well."""
    [case] = [case for path in CASES for case in yaml.safe_load(path.read_text())["tests"] if case["name"] == name]
    looked = [len(one["exp_alerts"]) for one in case["alert_rule_test"] if one["alertname"] == name]
    assert looked[0] == 0
    assert max(looked) > 0
    assert looked[-1] == 0
    assert len(case["input_series"]) > 1 or name == "ShardexAbsent"


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name)
def test_a_broken_case_is_found(path, tmp_path):
    """What passes is not passed over: with another value expected, promtool says so."""
    text = path.read_text(encoding="utf-8").replace("../../../manifests", str(MANIFESTS))
    for old, new in (("severity: warning", "severity: other"), ("value: 2", "value: 5")):
        (tmp_path / "case.yaml").write_text(text.replace(old, new) if old in text else text.replace("40", "41"))
        status, _ = told("promtool", "test", "rules", tmp_path / "case.yaml")
        assert status != 0


@pytest.mark.parametrize("name", ALERTS)
def test_every_alert_says_what_to_do(name):
    """A severity that routes, a sentence, a reason, and one place in the operations manual."""
    rule = ALERTS[name]
    assert rule["labels"]["severity"] in {"critical", "warning"}
    said = rule["annotations"]
    assert said.keys() == {"summary", "description", "runbook"}
    assert said["summary"].endswith(".")
    assert said["description"].endswith(".")
    page, _, anchor = said["runbook"].partition("#")
    assert (page, anchor) == ("docs/operations.md", name.lower())
    headings = re.findall(r"^### (\w+)$", (DOCS / "operations.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings.count(name) == 1


def test_they_read_what_there_is():
    """Every series in an expression is one of ours, of another rule or of the scraper's."""
    asked = {
        name: rule["alert" if "alert" in rule else "record"]
        for path in RULES
        for _, rule in rules(path)
        for name in names(rule["expr"])
    }
    assert asked.keys() - families() == set()


@pytest.mark.parametrize("name", alerts(RULES[0]))
def test_alerts_on_the_cluster_forget_the_exporter(name):
    """No label of a scrape's target is left: an object that moves to another shard goes on waiting, and fires once."""
    grouped = re.findall(r"\b(?:by|on) \(([^)]*)\)", ALERTS[name]["expr"])
    assert grouped or "namespace_resource:" in ALERTS[name]["expr"]
    labels = {label.strip() for group in grouped for label in group.split(",")}
    assert not labels & {"instance", "job", "endpoint", "service"}


def test_the_operator_reads_the_same():
    """The PrometheusRule has the groups of all rule files, each once."""
    groups = [group for path in RULES for group in yaml.safe_load(path.read_text())["groups"]]
    document = yaml.safe_load((MANIFESTS / "alerts" / "prometheusrule.yaml").read_text())
    assert document["kind"] == "PrometheusRule"
    assert document["spec"]["groups"] == groups
    assert len({group["name"] for group in groups}) == len(groups)
