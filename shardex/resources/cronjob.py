import os
from datetime import tzinfo
from functools import cache

from shardex.exposition.family import alpha, stable
from shardex.kube.clock import next_time
from shardex.kube.meta import ObjectMeta, Part
from shardex.kube.schedule import Schedule, local_zone, parse
from shardex.resources.resource import Resource
from shardex.resources.shared import annotations_family, created, labels_family, moment, resource_version
from shardex.rfc3339 import seconds


class Spec(Part):
    schedule: str = ""
    time_zone: str | None = None
    starting_deadline_seconds: int | None = None
    concurrency_policy: str = ""
    suspend: bool | None = None
    successful_jobs_history_limit: int | None = None
    failed_jobs_history_limit: int | None = None


class Status(Part):
    active: list[Part] | None = None  # counted, not read
    last_schedule_time: str | None = None
    last_successful_time: str | None = None


class CronJob(Part):
    metadata: ObjectMeta = ObjectMeta()
    spec: Spec = Spec()
    status: Status = Status()


@cache
def process_zone() -> tzinfo:
    """The zone of a schedule that names none: as the process was started, since no object says it."""
    return local_zone(os.environ.get("TZ"))


def schedule(c: CronJob) -> Schedule | None:
    zone = c.spec.time_zone
    return parse(c.spec.schedule if zone is None else f"CRON_TZ={zone} {c.spec.schedule}")


def next_run(c: CronJob) -> int | None:
    """The first run after the last one, or after creation; None while suspended and for a schedule that is invalid."""
    when = None if c.spec.suspend else schedule(c)
    after = moment(c.status.last_schedule_time)
    if after is None:
        after = created(c)
    return None if when is None or after is None else next_time(when, seconds(after), process_zone())


CRONJOBS = Resource(
    "batch/v1",
    "cronjobs",
    "CronJob",
    CronJob,
    identity=(("namespace", "metadata.namespace"), ("cronjob", "metadata.name")),
    families=(
        annotations_family("kube_cronjob_annotations"),
        labels_family("kube_cronjob_labels"),
        stable(
            "kube_cronjob_info",
            "Schedule of the CronJob, its zone, and what becomes of a run that is due while another goes on.",
            lambda c: (
                (
                    c.spec.schedule,
                    c.spec.concurrency_policy,
                    "local" if c.spec.time_zone is None else c.spec.time_zone,
                    1,
                ),
            ),
            "schedule",
            "concurrency_policy",
            "timezone",
        ),
        stable("kube_cronjob_created", "When the CronJob was created, in Unix seconds.", created),
        stable("kube_cronjob_status_active", "Jobs of the CronJob that go on.", lambda c: len(c.status.active or ())),
        stable(
            "kube_cronjob_status_last_schedule_time",
            "When the CronJob last started a Job, in Unix seconds.",
            lambda c: moment(c.status.last_schedule_time),
        ),
        stable(
            "kube_cronjob_status_last_successful_time",
            "When a Job of the CronJob last succeeded, in Unix seconds.",
            lambda c: moment(c.status.last_successful_time),
        ),
        stable("kube_cronjob_spec_suspend", "Whether the CronJob is suspended.", lambda c: bool(c.spec.suspend)),
        stable(
            "kube_cronjob_spec_starting_deadline_seconds",
            "Seconds after its time until which a missed run is still started.",
            lambda c: c.spec.starting_deadline_seconds,
        ),
        stable(
            "kube_cronjob_next_schedule_time",
            "When the CronJob is due after its last run, or after its creation, in Unix seconds; late once it is past.",
            next_run,
        ),
        alpha(
            "kube_cronjob_schedule_invalid",
            "1 for a CronJob whose schedule or zone cannot be understood.",
            lambda c: 1 if schedule(c) is None else None,
        ),
        stable(
            "kube_cronjob_metadata_resource_version",
            "Version of the CronJob in the API server's store; changes with every write.",
            resource_version,
        ),
        alpha(
            "kube_cronjob_spec_successful_job_history_limit",
            "Finished Jobs that are kept of those that succeeded.",
            lambda c: c.spec.successful_jobs_history_limit,
        ),
        alpha(
            "kube_cronjob_spec_failed_job_history_limit",
            "Finished Jobs that are kept of those that failed.",
            lambda c: c.spec.failed_jobs_history_limit,
        ),
    ),
    fallbacks=("batch/v1beta1",),
)
