from collections.abc import Iterable

from shardex.exposition.family import Shape, Source, alpha, stable
from shardex.kube.meta import Condition, ObjectMeta, Part
from shardex.resources.resource import Resource
from shardex.resources.shared import (
    annotations_family,
    condition_rows,
    controlled_owners,
    created,
    distinct,
    exists,
    labels_family,
    moment,
)

# The reasons of a failure that get a row of their own; any other would be an unbounded label.
REASONS = ("BackoffLimitExceeded", "DeadlineExceeded", "Evicted")


class Spec(Part):
    parallelism: int | None = None
    completions: int | None = None
    active_deadline_seconds: int | None = None


class Status(Part):
    active: int = 0
    ready: int | None = None
    succeeded: int = 0
    failed: int = 0
    start_time: str | None = None
    completion_time: str | None = None
    conditions: list[Condition] | None = None


class Job(Part):
    metadata: ObjectMeta = ObjectMeta()
    spec: Spec = Spec()
    status: Status = Status()


def failed(j: Job) -> Iterable[tuple[dict[str, str], int]]:
    """How many pods failed, or why the job did.

    no pod failed                        0, without a label
    the job failed for a known reason    a row a known reason, 1 for the one that it was
    ... for another, or it goes on       the number of pods as reason=""; the known ones stay 0 once it failed
    """
    number = j.status.failed
    if not number:
        return [({}, number)]
    failures = [c.reason for c in j.status.conditions or () if c.type == "Failed"]
    rows = list(distinct([(reason, failure == reason) for failure in failures for reason in REASONS]))
    if not any(failure in REASONS for failure in failures):
        rows.append(("", number))
    return [({"reason": reason}, value) for reason, value in rows]


def outcome(type: str) -> Source:
    """(status, holds) of the condition of that type; no rows without it."""

    def source(j: Job) -> Iterable[tuple[str, bool]]:
        conditions = [c for c in j.status.conditions or () if c.type == type]
        return [(status, holds) for _, status, holds in condition_rows(conditions)]

    return source


def suspended(j: Job) -> bool | None:
    for condition in j.status.conditions or ():
        if condition.type == "Suspended":
            return condition.status == "True"
    return None


JOBS = Resource(
    "batch/v1",
    "jobs",
    "Job",
    Job,
    identity=(("namespace", "metadata.namespace"), ("job_name", "metadata.name")),
    families=(
        annotations_family("kube_job_annotations"),
        labels_family("kube_job_labels"),
        stable("kube_job_info", "1 for every Job.", exists),
        stable("kube_job_created", "When the Job was created, in Unix seconds.", created),
        stable("kube_job_spec_parallelism", "Pods that may run at one time.", lambda j: j.spec.parallelism),
        stable("kube_job_spec_completions", "Pods that have to succeed.", lambda j: j.spec.completions),
        stable(
            "kube_job_spec_active_deadline_seconds",
            "Seconds from its start after which the Job is ended.",
            lambda j: j.spec.active_deadline_seconds,
        ),
        stable("kube_job_status_succeeded", "Pods of the Job that succeeded.", lambda j: j.status.succeeded),
        stable(
            "kube_job_status_failed",
            "Pods of the Job that failed, or for a reason that is known: 1 when the Job failed for it.",
            failed,
            "reason",
            shape=Shape.LOOSE,
        ),
        stable("kube_job_status_active", "Pods of the Job that are pending or running.", lambda j: j.status.active),
        alpha("kube_job_status_ready", "Pods of the Job that are ready.", lambda j: j.status.ready or 0),
        stable("kube_job_complete", "Whether the Job is complete; 1 for what holds.", outcome("Complete"), "condition"),
        stable("kube_job_failed", "Whether the Job has failed; 1 for what holds.", outcome("Failed"), "condition"),
        stable(
            "kube_job_status_start_time",
            "When the job controller took the Job up, in Unix seconds.",
            lambda j: moment(j.status.start_time),
        ),
        stable(
            "kube_job_status_completion_time",
            "When the Job was complete, in Unix seconds.",
            lambda j: moment(j.status.completion_time),
        ),
        alpha("kube_job_status_suspended", "Whether the Job is suspended.", suspended),
        stable(
            "kube_job_owner",
            "What owns the Job.",
            controlled_owners,
            "owner_kind",
            "owner_name",
            "owner_is_controller",
        ),
    ),
)
