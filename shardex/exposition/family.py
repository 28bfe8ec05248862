"""What a metric family is: one row of a kind's table."""

from collections.abc import Callable
from typing import Any

import msgspec

GAUGE = "gauge"
COUNTER = "counter"
INFO = "info"
STATESET = "stateset"

STABLE = "STABLE"
ALPHA = "ALPHA"

LABELS = "labels"
ANNOTATIONS = "annotations"

Source = Callable[[Any], Any]


class Family(msgspec.Struct, frozen=True):
    """One metric family of one kind.

    name        the full metric name, one literal, so that `grep` from a dashboard lands on the row
    help        our own words; the stability mark is added when printed
    source      prefix empty, no labels:  object -> number, or None for no sample
                prefix empty, labels:     object -> rows of (label value, ..., number); values are str
                prefix set:               object -> {Kubernetes key: value} or None for no sample; the sample
                                          is 1 and its labels are the keys as Prometheus names after the prefix
    labels      own label names, after the kind's identity labels
    stability   STABLE or ALPHA; shows in HELP as the peer shows it
    type        gauge or counter; info and stateset exist for custom resources only
    loose       rows are ({label: value}, number): for the few families whose samples do not all have the same labels;
                `labels` then lists every label that may stand there
    prefix      label, annotation, nodeselector or metadata: a family whose label names come from the object
    allow       LABELS or ANNOTATIONS: a sample only when the kind has such an allow list, and only the keys it lets
                through
    opt_in      off unless --metric-opt-in-list names it
    """

    name: str
    help: str
    source: Source
    labels: tuple[str, ...] = ()
    stability: str = STABLE
    type: str = GAUGE
    loose: bool = False
    prefix: str = ""
    allow: str = ""
    opt_in: bool = False

    @property
    def print_help(self) -> str:
        """The HELP text as printed: stable families start with their mark, alpha ones carry none."""
        return f"[STABLE] {self.help}" if self.stability == STABLE else self.help


def stable(name: str, help: str, source: Source, *labels: str, **more: Any) -> Family:
    """A row whose name and labels are promised not to change; `more` are Family's other fields."""
    return Family(name, help, source, labels, STABLE, **more)


def alpha(name: str, help: str, source: Source, *labels: str, **more: Any) -> Family:
    """A row that may still change; `more` are Family's other fields."""
    return Family(name, help, source, labels, ALPHA, **more)
