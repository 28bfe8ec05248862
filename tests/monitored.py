"""What the tests of manifests share: rules, dashboards' queries, and the families that there are to ask for."""

import json
import re
from functools import cache
from pathlib import Path

import yaml
from prometheus_client import generate_latest
from published import workers
from tree import ROOT

from scaler.metrics import Metrics
from shardex.resources import RESOURCES
from shardex.serving.telemetry import Telemetry
from shardex.serving.upstream import Upstream

MANIFESTS = ROOT / "manifests"
DOCS = ROOT / "docs"
RULES = sorted(MANIFESTS.glob("alerts/*.rules.yaml"))
DASHBOARDS = sorted(MANIFESTS.glob("dashboards/*/*.json"))
COLLECTORS = sorted(MANIFESTS.glob("collectors/*.yaml"))
#: what a scraper says of a scrape
SCRAPERS = {"up", "scrape_duration_seconds"}

# A word before a parenthesis is a function, or an operator.
_NAME = re.compile(r"(?<![\w:])[a-zA-Z_:][\w:]*(?![\w:]|\s*\()")
_LABELS = re.compile(r"\{[^}]*\}|\b(?:by|on)\s*\([^)]*\)|\[[^]]*\]")
_OPERATORS = {"and", "bool", "offset", "or", "unless"}


def rules(path):
    """(group, rule) of a rule file."""
    groups = yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
    return [(group["name"], rule) for group in groups for rule in group["rules"]]


def alerts(path):
    """name -> rule"""
    return {rule["alert"]: rule for _, rule in rules(path) if "alert" in rule}


def names(expr):
    """Names of the series that an expression reads."""
    return set(_NAME.findall(_LABELS.sub(" ", expr))) - _OPERATORS


def queries(path):
    """(panel, expression) of a dashboard file, whichever tool it is for."""
    document = json.loads(Path(path).read_text(encoding="utf-8"))
    if "panels" in document:
        return [(panel["title"], one["expr"]) for panel in document["panels"] for one in panel.get("targets", ())]
    found = []
    for panel in document["spec"]["panels"].values():
        [query] = panel["spec"]["queries"]
        plugin = query["spec"]["plugin"]["spec"]
        parts = [one["spec"] for one in plugin["queries"]] if "queries" in plugin else [plugin]
        found += [(panel["spec"]["display"]["name"], part["query"]) for part in parts]
    return found


def chosen(expr):
    """The expression when everything is chosen in every variable."""
    return re.sub(r"\$\w+", ".*", expr)


@cache
def families():
    """Names of all series that shardex and its scaler may print, and that a scraper adds."""
    with workers(1) as (board, [worker]):  # whose share is known
        upstream = Upstream(board, [worker.front_end], 300.0, answer_seconds=0.2)
        text = (Telemetry(upstream).exposition() + generate_latest(Metrics().registry)).decode()
    own = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
    parts = {name + end for name, type in own.items() if type == "histogram" for end in ("_bucket", "_sum", "_count")}
    kinds = {family.name for resource in RESOURCES.values() for family in resource.families}
    recorded = {rule["record"] for path in RULES for _, rule in rules(path) if "record" in rule}
    return kinds | own.keys() | parts | recorded | SCRAPERS
