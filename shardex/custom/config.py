"""What --custom-resource-state-config says: which custom resources have which metrics.

Names and meaning of the fields are kube-state-metrics' own (pkg/customresourcestate), so its files work here.
"""

import msgspec

from shardex.exposition.family import GAUGE, INFO, STATESET

KIND = "CustomResourceStateMetrics"
PREFIX = "kube_customresource"  # of every name, unless metricNamePrefix is given
ANY = "*"  # every version, or every kind; a field left out means the same

Path = tuple[str, ...]
Paths = dict[str, Path]


class GroupVersionKind(msgspec.Struct, frozen=True):
    group: str = ""
    version: str = ANY
    kind: str = ANY

    def __str__(self) -> str:
        return f"{self.group}/{self.version} {self.kind}"

    @property
    def exact(self) -> bool:
        """Whether it names one kind; otherwise a version or a kind is a wildcard."""
        return not {self.version, self.kind} & {"", ANY}

    def matches(self, other: "GroupVersionKind") -> bool:
        """Whether the other, which is exact, is one of those meant."""
        return (
            self.group == other.group
            and self.version in {"", ANY, other.version}
            and self.kind in {"", ANY, other.kind}
        )


class Gauge(msgspec.Struct, frozen=True, rename="camel"):
    """A number, or one for each element of a map or list.

    path              to the number, map or list
    labels_from_path  labels whose values lie below the element
    label_from_key    label for the keys of a map; "" for none
    value_from        path of the number below the element
    nil_is_zero       what is missing is 0 instead of no sample
    """

    path: Path = ()
    labels_from_path: Paths = {}
    label_from_key: str = ""
    value_from: Path = ()
    nil_is_zero: bool = False


class Info(msgspec.Struct, frozen=True, rename="camel"):
    """1 with labels for what lies at the path, and for each element of a map or list."""

    path: Path = ()
    labels_from_path: Paths = {}
    label_from_key: str = ""


class StateSet(msgspec.Struct, frozen=True, rename="camel"):
    """A sample for each text of the list, 1 for the one that is found.

    label_name   of the label that holds the text
    value_from   path of the text below what lies at `path`
    """

    path: Path = ()
    labels_from_path: Paths = {}
    label_name: str = ""
    list: Path = ()
    value_from: Path = ()


class Each(msgspec.Struct, frozen=True, rename="camel"):
    """A metric's type, in any case, and the block of that type; other blocks are not read."""

    type: str = ""
    gauge: Gauge | None = None
    info: Info | None = None
    state_set: StateSet | None = None

    @property
    def block(self) -> Gauge | Info | StateSet | None:
        """The block that the type names; None when it is missing or there is no such type."""
        return {GAUGE: self.gauge, INFO: self.info, STATESET: self.state_set}.get(self.type.lower())


class Metric(msgspec.Struct, frozen=True, rename="camel"):
    name: str = ""
    help: str = ""
    common_labels: dict[str, str] = {}
    labels_from_path: Paths = {}
    error_log_v: int = 0
    each: Each = Each()


class CustomResource(msgspec.Struct, frozen=True, rename="camel"):
    """One entry of spec.resources.

    metric_name_prefix  None: kube_customresource; "": none
    resource_plural     name in URLs for a cluster whose definitions cannot be read; "": the English plural
    common_labels       for every metric, as are labels_from_path; a metric's own of that name win
    error_log_v         verbosity from which faults of objects are logged
    """

    group_version_kind: GroupVersionKind = GroupVersionKind()
    metric_name_prefix: str | None = None
    resource_plural: str = ""
    common_labels: dict[str, str] = {}
    labels_from_path: Paths = {}
    error_log_v: int = 0
    metrics: tuple[Metric, ...] = ()

    @property
    def prefix(self) -> str:
        """What every metric's name starts with, underscore and all."""
        prefix = PREFIX if self.metric_name_prefix is None else self.metric_name_prefix
        return prefix and f"{prefix}_"

    def full_name(self, metric: Metric) -> str:
        return self.prefix + metric.name

    def verbosity(self, metric: Metric) -> int:
        """From which faults of objects are logged for the metric: its own errorLogV, or the resource's when 0."""
        return metric.error_log_v or self.error_log_v


class Spec(msgspec.Struct, frozen=True):
    resources: tuple[CustomResource, ...] = ()


class Document(msgspec.Struct, frozen=True):
    kind: str = KIND
    spec: Spec = Spec()


class CustomConfig(msgspec.Struct, frozen=True):
    """A configuration without faults.

    warnings  what has no effect in the file, or seldom the one that is meant; a sentence each
    """

    resources: tuple[CustomResource, ...] = ()
    warnings: tuple[str, ...] = ()
