from collections.abc import Callable, Collection, Iterable

from shardex.exposition.family import Shape, Source, alpha, stable
from shardex.kube.meta import Condition, ObjectMeta, Part
from shardex.kube.quantity import Quantity, milli, plain
from shardex.resources.resource import Resource
from shardex.resources.shared import (
    Row,
    annotations_family,
    condition_rows,
    created,
    deleted,
    distinct,
    generation,
    labels_family,
)


class ScaleTargetRef(Part):
    api_version: str = ""
    kind: str = ""
    name: str = ""


class Identifier(Part):
    name: str = ""


class Values(Part):
    """A target or a present reading; which of the three is given is the metric's own choice."""

    value: Quantity = None
    average_value: Quantity = None
    average_utilization: int | None = None


class MetricSource(Part):
    """Any of the five sources of a metric; resources are named by themselves, the others by an identifier."""

    name: str = ""
    container: str = ""
    metric: Identifier = Identifier()
    target: Values = Values()
    current: Values = Values()


class Metric(Part):
    type: str = ""
    object: MetricSource | None = None
    pods: MetricSource | None = None
    resource: MetricSource | None = None
    container_resource: MetricSource | None = None
    external: MetricSource | None = None


class Rules(Part):
    tolerance: Quantity = None


class Behavior(Part):
    scale_up: Rules | None = None
    scale_down: Rules | None = None


class Spec(Part):
    scale_target_ref: ScaleTargetRef = ScaleTargetRef()
    min_replicas: int | None = None
    max_replicas: int = 0
    metrics: list[Metric] | None = None
    behavior: Behavior | None = None


class Status(Part):
    current_replicas: int = 0
    desired_replicas: int = 0
    current_metrics: list[Metric] | None = None
    conditions: list[Condition] | None = None


class HorizontalPodAutoscaler(Part):
    metadata: ObjectMeta = ObjectMeta()
    spec: Spec = Spec()
    status: Status = Status()


def sources(metrics: list[Metric] | None) -> Iterable[MetricSource]:
    """The source each metric's type names; metrics without it, or of a type not known, are left out."""
    for m in metrics or ():
        match m.type:
            case "Object":
                source = m.object
            case "Pods":
                source = m.pods
            case "Resource":
                source = m.resource
            case "ContainerResource":
                source = m.container_resource
            case "External":
                source = m.external
            case _:
                source = None
        if source is not None:
            yield source


def values(readings: Iterable[tuple[MetricSource, Values]]) -> Collection[Row]:
    """(metric, kind of value, container) of each value given; metrics of one name and kind of value count once."""
    rows: list[Row] = []
    for source, given in readings:
        name = source.metric.name or source.name
        if given.value is not None:
            rows.append((name, "value", source.container, milli(given.value)))
        if given.average_utilization is not None:
            rows.append((name, "utilization", source.container, given.average_utilization))
        if given.average_value is not None:
            rows.append((name, "average", source.container, milli(given.average_value)))
    return distinct(rows)


def target(a: HorizontalPodAutoscaler) -> list[tuple[dict[str, str], int]]:
    """What is scaled; a target without API version gets no label for it."""
    ref = a.spec.scale_target_ref
    labels = {"scaletargetref_api_version": ref.api_version} if ref.api_version else {}
    return [(labels | {"scaletargetref_kind": ref.kind, "scaletargetref_name": ref.name}, 1)]


def tolerance(side: Callable[[Behavior], Rules | None]) -> Source:
    def source(a: HorizontalPodAutoscaler) -> float | None:
        rules = side(a.spec.behavior) if a.spec.behavior else None
        return None if rules is None or rules.tolerance is None else plain(rules.tolerance)

    return source


HORIZONTALPODAUTOSCALERS = Resource(
    "autoscaling/v2",
    "horizontalpodautoscalers",
    "HorizontalPodAutoscaler",
    HorizontalPodAutoscaler,
    identity=(("namespace", "metadata.namespace"), ("horizontalpodautoscaler", "metadata.name")),
    families=(
        alpha(
            "kube_horizontalpodautoscaler_info",
            "What the autoscaler scales.",
            target,
            "scaletargetref_api_version",
            "scaletargetref_kind",
            "scaletargetref_name",
            shape=Shape.LOOSE,
        ),
        stable(
            "kube_horizontalpodautoscaler_metadata_generation",
            "Generation of the wanted state; grows with every change of the spec.",
            generation,
        ),
        stable(
            "kube_horizontalpodautoscaler_spec_max_replicas",
            "Most pods that the autoscaler may ask for.",
            lambda a: a.spec.max_replicas,
        ),
        stable(
            "kube_horizontalpodautoscaler_spec_min_replicas",
            "Fewest pods that the autoscaler may ask for; 1 when the spec does not say.",
            lambda a: 1 if a.spec.min_replicas is None else a.spec.min_replicas,
        ),
        alpha(
            "kube_horizontalpodautoscaler_spec_target_metric",
            "Values of metrics that the autoscaler tries to keep.",
            lambda a: values((source, source.target) for source in sources(a.spec.metrics)),
            "metric_name",
            "metric_target_type",
            "container",
        ),
        alpha(
            "kube_horizontalpodautoscaler_spec_behavior_scale_down_tolerance",
            "Part of its target by which a metric may fall short before pods are taken away.",
            tolerance(lambda behavior: behavior.scale_down),
        ),
        alpha(
            "kube_horizontalpodautoscaler_spec_behavior_scale_up_tolerance",
            "Part of its target by which a metric may go beyond before pods are added.",
            tolerance(lambda behavior: behavior.scale_up),
        ),
        stable(
            "kube_horizontalpodautoscaler_status_target_metric",
            "Values of the same metrics as the autoscaler last read them.",
            lambda a: values((source, source.current) for source in sources(a.status.current_metrics)),
            "metric_name",
            "metric_target_type",
            "container",
        ),
        stable(
            "kube_horizontalpodautoscaler_status_current_replicas",
            "Pods of the target when the autoscaler last looked.",
            lambda a: a.status.current_replicas,
        ),
        stable(
            "kube_horizontalpodautoscaler_status_desired_replicas",
            "Pods that the autoscaler last asked for.",
            lambda a: a.status.desired_replicas,
        ),
        annotations_family("kube_horizontalpodautoscaler_annotations"),
        labels_family("kube_horizontalpodautoscaler_labels"),
        stable(
            "kube_horizontalpodautoscaler_status_condition",
            "Conditions of the autoscaler; 1 for the status each has.",
            lambda a: condition_rows(a.status.conditions),
            "condition",
            "status",
        ),
        alpha(
            "kube_horizontalpodautoscaler_created",
            "When the autoscaler was created, in Unix seconds.",
            created,
        ),
        alpha(
            "kube_horizontalpodautoscaler_deletion_timestamp",
            "When the autoscaler is to be gone, in Unix seconds.",
            deleted,
        ),
    ),
    fallbacks=("autoscaling/v2beta2",),
)
