"""The rule files as one PrometheusRule, for clusters in which the Prometheus operator reads rules as objects."""

from collections.abc import Iterable
from typing import Any

import yaml

_NOTICE = "# Written by `python -m manifests.monitoring` from the rule files beside it: change those.\n"


def prometheus_rule(texts: Iterable[str]) -> str:
    """YAML of the object; its label is what kube-prometheus' own objects have for a Prometheus to find them."""
    groups: list[Any] = [group for text in texts for group in yaml.safe_load(text)["groups"]]
    document = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "shardex", "labels": {"app.kubernetes.io/name": "shardex"}},
        "spec": {"groups": groups},
    }
    return _NOTICE + yaml.safe_dump(document, sort_keys=False, width=120)
