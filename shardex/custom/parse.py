"""Text of a configuration -> CustomConfig, or every fault of it at once."""

import re
from collections.abc import Mapping, Sequence

from shardex.custom.config import ANY, KIND, CustomConfig, CustomResource, Document, Each, Gauge, Metric, StateSet
from shardex.custom.document import Findings, read
from shardex.custom.labels import is_star
from shardex.custom.paths import compile_path
from shardex.errors import OptionsError
from shardex.exposition.family import GAUGE, INFO, STATESET
from shardex.exposition.labels import sanitize

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*\Z")
_LABEL = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*\Z")  # Prometheus keeps names that start with __ for itself
_BLOCKS = {GAUGE: "gauge", INFO: "info", STATESET: "stateSet"}  # type -> the field of its block


def parse(text: str) -> CustomConfig:
    """The configuration that a YAML or JSON text holds.

    raise   OptionsError: every fault with its path, as `spec.resources[0].metrics[1].each.gauge.path[2]: ...`
    """
    findings = Findings()
    document = read(text, Document, findings)
    if document.kind != KIND:
        findings.warn("kind", f"{document.kind!r} is not {KIND}; it is read as one")
    if not findings.faults and not document.spec.resources:
        findings.warn("spec.resources", "there are none, so there are no custom resource metrics")
    for number, resource in enumerate(document.spec.resources):
        _check_resource(resource, f"spec.resources[{number}]", findings)
    if findings.faults:
        raise OptionsError(findings.faults)
    return CustomConfig(document.spec.resources, tuple(findings.warnings))


def _check_resource(resource: CustomResource, at: str, findings: Findings) -> None:
    if resource.group_version_kind.group in {"", ANY}:
        findings.fault(f"{at}.groupVersionKind.group", "a group is needed; only version and kind may be left open")
    if resource.prefix and not _NAME.match(resource.prefix):
        findings.fault(f"{at}.metricNamePrefix", f"no metric name starts with {resource.prefix!r}")
    _check_labels(resource.common_labels, resource.labels_from_path, at, findings)
    for number, metric in enumerate(resource.metrics):
        _check_metric(metric, resource.prefix, f"{at}.metrics[{number}]", findings)


def _check_metric(metric: Metric, prefix: str, at: str, findings: Findings) -> None:
    if not metric.name:
        findings.fault(f"{at}.name", "a name is needed")
    elif not _NAME.match("_" + metric.name if prefix else metric.name):  # a bad prefix is one fault, not one a metric
        findings.fault(f"{at}.name", f"{prefix + metric.name!r} is no metric name")
    if metric.each.type.lower() == INFO and not metric.name.endswith("_info"):
        findings.warn(f"{at}.name", f"{metric.name!r} is an info metric, which by custom ends in _info")
    _check_labels(metric.common_labels, metric.labels_from_path, at, findings)
    _check_each(metric.each, f"{at}.each", findings)


def _check_each(each: Each, at: str, findings: Findings) -> None:
    field = _BLOCKS.get(each.type.lower())
    if field is None:
        findings.fault(f"{at}.type", f"{each.type!r} is none of Gauge, Info, StateSet")
        return
    block, at = each.block, f"{at}.{field}"
    if block is None:
        findings.fault(at, f"the type is {each.type}, so this is needed")
        return
    _check_path(block.path, f"{at}.path", findings)
    _check_labels({}, block.labels_from_path, at, findings)
    if isinstance(block, StateSet):
        _check_path(block.value_from, f"{at}.valueFrom", findings)
        _check_label(block.label_name, f"{at}.labelName", findings)
        if not block.list:
            findings.warn(f"{at}.list", "it is empty, so the metric has no samples")
        return
    if isinstance(block, Gauge):
        _check_path(block.value_from, f"{at}.valueFrom", findings)
    if block.label_from_key:
        _check_label(block.label_from_key, f"{at}.labelFromKey", findings)


def _check_labels(common: Mapping[str, str], paths: Mapping[str, Sequence[str]], at: str, findings: Findings) -> None:
    for name in common:
        _check_label(name, f"{at}.commonLabels.{name}", findings)
    for name, path in paths.items():
        if not is_star(name):
            _check_label(sanitize(name), f"{at}.labelsFromPath.{name}", findings)
        _check_path(path, f"{at}.labelsFromPath.{name}", findings)


def _check_label(name: str, at: str, findings: Findings) -> None:
    if not _LABEL.match(name):
        findings.fault(at, f"{name!r} is no label name")


def _check_path(path: Sequence[str], at: str, findings: Findings) -> None:
    for number, part in enumerate(path):
        try:
            compile_path((part,))
        except ValueError as error:
            findings.fault(f"{at}[{number}]", str(error))
