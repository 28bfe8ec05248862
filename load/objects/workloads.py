"""Deployments and their ReplicaSets, StatefulSets, DaemonSets, Jobs, CronJobs."""

from typing import Any

import msgspec

from load.objects.app import App
from load.objects.deployments import deployment, replica_set, template
from load.objects.fields import entry, owned
from load.objects.names import stamp
from load.objects.pod_document import ACTIVE, State
from load.objects.pods import Owner
from load.objects.workload import Workload
from load.text import Object, Pattern, hole

_API = {"StatefulSet": "apps/v1", "DaemonSet": "apps/v1", "CronJob": "batch/v1", "Job": "batch/v1"}


def _number(value: int) -> bytes:
    return b"%d" % value


class Workloads:
    """Documents of workloads, with what their applications share kept: Deployments and ReplicaSets as patterns, since
    they are half as many as the pods, of the others the templates and the managed fields.
    """

    def __init__(self) -> None:
        self._patterns: dict[tuple[int, str], Pattern] = {}
        self._templates: dict[tuple[int, str], msgspec.Raw] = {}
        self._fields: dict[tuple[int, str], msgspec.Raw] = {}

    def _pattern(self, app: App, kind: str) -> Pattern:
        found = self._patterns.get((app.index, kind))
        if found is None:
            found = self._patterns[app.index, kind] = Pattern(
                deployment(app) if kind == "Deployment" else replica_set(app)
            )
        return found

    def _values(self, workload: Workload) -> dict[str, bytes]:
        return {
            "namespace": workload.namespace.encode(),
            "instance": workload.name.encode(),
            "created": stamp(workload.created).encode(),
            "updated": stamp(workload.updated).encode(),
        }

    def deployment(self, workload: Workload, settled: bool = True) -> Object:
        """The Deployment as it stands; `settled` when no rollout is under way."""
        total, ready = workload.counts()
        missing = max(0, workload.replicas - ready)
        updated = min(total, workload.replicas) if settled else 0
        available = b"True" if ready >= workload.replicas * 3 // 4 else b"False"
        digest = workload.hashes[0][0].encode()
        values = self._values(workload) | {
            "name": workload.name.encode(),
            "uid": workload.uid.encode(),
            "generation": _number(workload.revision),
            "revision": _number(workload.revision),
            "tag": workload.tag(workload.revision).encode(),
            "replicas": _number(workload.replicas),
            "total": _number(total),
            "ready": _number(ready),
            "fresh": _number(updated),
            "missing": _number(missing),
            "available": available,
            "reason": b"MinimumReplicasAvailable" if available == b"True" else b"MinimumReplicasUnavailable",
            "progress": b"NewReplicaSetAvailable" if settled else b"ReplicaSetUpdated",
            "digest": digest,
        }
        return self._pattern(workload.app, "Deployment").fill(workload.key, 0, values)

    def replica_set(self, workload: Workload, place: int, owner: Owner | None, replicas: int, created: float) -> Object:
        """The ReplicaSet at a place of the workload's hashes; without an owner it has no pods."""
        digest, uid = workload.hashes[place]
        total, ready = workload.counts(owner) if owner is not None else (0, 0)
        name = f"{workload.name}-{digest}"
        values = self._values(workload) | {
            "name": name.encode(),
            "uid": uid.encode(),
            "created": stamp(created).encode(),
            "owner": workload.uid.encode(),
            "revision": _number(workload.revision - place),
            "tag": workload.tag(workload.revision - place).encode(),
            "digest": digest.encode(),
            "replicas": _number(replicas),
            "total": _number(total),
            "ready": _number(ready),
        }
        return self._pattern(workload.app, "ReplicaSet").fill(f"{workload.namespace}/{name}", 0, values)

    def _metadata(self, workload: Workload, kind: str, body: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Metadata with the managed fields of the body, which all workloads of an application have in common."""
        key = workload.app.index, kind
        if key not in self._fields:
            parts = {
                "metadata": {"labels": workload.labels()},
                "spec": {**body["spec"], "template": template(workload.app, {})},
            }
            self._fields[key] = msgspec.Raw(msgspec.json.encode(owned(parts)))
        managed = [
            {**entry("helm", _API[kind], stamp(workload.created), {}), "fieldsV1": self._fields[key]},
            entry("kube-controller-manager", _API[kind], stamp(workload.updated), {"status": body["status"]}, "status"),
        ]
        return {
            "name": workload.name,
            "namespace": workload.namespace,
            "uid": workload.uid,
            "generation": workload.revision,
            "creationTimestamp": stamp(workload.created),
            "labels": workload.labels(),
            **more,
            "managedFields": managed,
        }

    def _template(self, workload: Workload, **labels: str) -> dict[str, Any]:
        """The pod template of the present revision."""
        key = workload.app.index, workload.tag(workload.revision)
        if key not in self._templates:
            text = msgspec.json.encode(workload.app.template)
            tag = msgspec.json.encode(hole("tag"))[1:-1]
            self._templates[key] = msgspec.Raw(text.replace(tag, key[1].encode()))
        return {"metadata": {"labels": {**workload.labels(), **labels}}, "spec": self._templates[key]}

    def stateful_set(self, workload: Workload) -> dict[str, Any]:
        total, ready = workload.counts()
        size = {"requests": {"storage": "50Gi"}}
        claim = {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "fast",
            "resources": size,
            "volumeMode": "Filesystem",
        }
        spec = {
            "replicas": workload.replicas,
            "selector": {"matchLabels": {"app.kubernetes.io/instance": workload.name}},
            "template": self._template(workload),
            "volumeClaimTemplates": [
                {"kind": "PersistentVolumeClaim", "apiVersion": "v1", "metadata": {"name": "data"}, "spec": claim}
            ],
            "serviceName": workload.name,
            "podManagementPolicy": "OrderedReady",
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
            "revisionHistoryLimit": 10,
            "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
        }
        revision = f"{workload.name}-{workload.hashes[0][0]}"
        status = {
            "observedGeneration": workload.revision,
            "replicas": total,
            "readyReplicas": ready,
            "currentReplicas": total,
            "updatedReplicas": total,
            "currentRevision": revision,
            "updateRevision": revision,
            "collisionCount": 0,
            "availableReplicas": ready,
        }
        body = {"spec": spec, "status": status}
        return {"metadata": self._metadata(workload, "StatefulSet", body), **body}

    def daemon_set(self, workload: Workload) -> dict[str, Any]:
        total, ready = workload.counts()
        spec = {
            "selector": {"matchLabels": {"app.kubernetes.io/instance": workload.name}},
            "template": self._template(workload),
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}},
            "revisionHistoryLimit": 10,
        }
        status = {
            "currentNumberScheduled": total,
            "numberMisscheduled": 0,
            "desiredNumberScheduled": total,
            "numberReady": ready,
            "observedGeneration": workload.revision,
            "updatedNumberScheduled": total,
            "numberAvailable": ready,
            **({"numberUnavailable": total - ready} if total > ready else {}),
        }
        body = {"spec": spec, "status": status}
        annotations = {"deprecated.daemonset.template.generation": str(workload.revision)}
        return {"metadata": self._metadata(workload, "DaemonSet", body, annotations=annotations), **body}

    def cron_job(self, workload: Workload, last: float) -> dict[str, Any]:
        spec = {
            "schedule": f"{workload.app.index % 60} */{1 + workload.app.index % 12} * * *",
            "timeZone": "Etc/UTC",
            "concurrencyPolicy": "Forbid",
            "suspend": workload.app.index % 11 == 0,
            "jobTemplate": {"metadata": {}, "spec": {"backoffLimit": 2, "template": self._template(workload)}},
            "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 1,
        }
        body = {"spec": spec, "status": {"lastScheduleTime": stamp(last), "lastSuccessfulTime": stamp(last + 90)}}
        return {"metadata": self._metadata(workload, "CronJob", body), **body}

    def job(self, workload: Workload, cron: str) -> dict[str, Any]:
        """A Job and what has become of its pods; `cron` is the uid of the CronJob that started it."""
        labels = {"batch.kubernetes.io/controller-uid": workload.uid, "batch.kubernetes.io/job-name": workload.name}
        spec = {
            "parallelism": 1,
            "completions": max(1, len(workload.pods)),
            "backoffLimit": 2,
            "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": workload.uid}},
            "template": self._template(workload, **labels),
            "completionMode": "NonIndexed",
            "suspend": False,
            "podReplacementPolicy": "TerminatingOrFailed",
        }
        owner = {"apiVersion": "batch/v1", "kind": "CronJob", "name": workload.name.rpartition("-")[0], "uid": cron}
        owners = [{**owner, "controller": True, "blockOwnerDeletion": True}]
        body = {"spec": spec, "status": _job_status(workload)}
        return {"metadata": self._metadata(workload, "Job", body, ownerReferences=owners), **body}


def _job_status(workload: Workload) -> dict[str, Any]:
    states = [pod.state for pod in workload.pods]
    succeeded, failed = states.count(State.SUCCEEDED), states.count(State.FAILED)
    active = sum(state in ACTIVE for state in states)
    over = bool(states) and not active
    done = stamp(max((pod.changed for pod in workload.pods), default=workload.created))
    status: dict[str, Any] = {}
    if over:
        types = ("FailureTarget", "Failed") if failed else ("SuccessCriteriaMet", "Complete")
        reason = "BackoffLimitExceeded" if failed else "CompletionsReached"
        times = {"lastProbeTime": done, "lastTransitionTime": done}
        status["conditions"] = [{"type": type, "status": "True", **times, "reason": reason} for type in types]
    status["startTime"] = stamp(workload.created)
    if over and not failed:
        status["completionTime"] = done
    counts = {"active": active, "succeeded": succeeded, "failed": failed}
    status |= {name: count for name, count in counts.items() if count}
    ready = sum(pod.ready for pod in workload.pods)
    return {**status, "terminating": 0, "uncountedTerminatedPods": {}, "ready": ready}
