"""Deployments and their ReplicaSets, StatefulSets, DaemonSets, Jobs, CronJobs."""

from typing import Any

import msgspec

from load.objects.app import App
from load.objects.fields import entry, owned
from load.objects.names import stamp
from load.objects.pods import ACTIVE, Owner, Pod, State
from load.text import VERSION, Object, Pattern, hole, raw

_API = {"StatefulSet": "apps/v1", "DaemonSet": "apps/v1", "CronJob": "batch/v1", "Job": "batch/v1"}


class Workload:
    """What runs an application in one namespace, with the pods it has.

    revision  counts the pod templates it has had
    hashes    pod-template-hash and uid of its ReplicaSets, newest first
    owner     of the pods it makes now
    """

    def __init__(self, app: App, namespace: str, name: str, uid: str, created: float) -> None:
        self.app, self.namespace, self.name, self.uid, self.created = app, namespace, name, uid, created
        self.replicas = 0
        self.revision = 1
        self.updated = created
        self.hashes: list[tuple[str, str]] = []
        self.pods: list[Pod] = []
        self.owner: Owner | None = None

    @property
    def key(self) -> str:
        return f"{self.namespace}/{self.name}"

    def tag(self, revision: int) -> str:
        return f"v{1 + self.app.index % 4}.{revision}.{self.app.index % 10}"

    def labels(self) -> dict[str, str]:
        return {"app.kubernetes.io/name": self.app.name, "app.kubernetes.io/instance": self.name, "team": self.app.team}

    def hire(self, kind: str, name: str, uid: str, digest: str, **more: str) -> Owner:
        """Make an object of this kind, name and uid the owner of pods from now on."""
        version = "batch/v1" if kind == "Job" else "apps/v1"
        reference = {"apiVersion": version, "kind": kind, "name": name, "uid": uid}
        reference |= {"controller": True, "blockOwnerDeletion": True}  # type: ignore[dict-item]
        self.owner = Owner(
            namespace=self.namespace,
            generate=f"{name}-",
            labels=msgspec.json.encode({**self.labels(), **more}),
            references=msgspec.json.encode([reference]),
            tag=self.tag(self.revision).encode(),
            digest=digest.encode(),
        )
        return self.owner

    def counts(self, owner: Owner | None = None) -> tuple[int, int]:
        """Pods that count towards the replicas, and how many are ready; of one owner if given."""
        pods = [pod for pod in self.pods if pod.state in ACTIVE and pod.state is not State.TERMINATING]
        if owner is not None:
            pods = [pod for pod in pods if pod.owner is owner]
        return len(pods), sum(pod.ready for pod in pods)


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
                _deployment(app) if kind == "Deployment" else _replica_set(app)
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
        """Metadata with the managed fields of a body's spec and status, which are the same for the whole application."""
        key = workload.app.index, kind
        if key not in self._fields:
            parts = {
                "metadata": {"labels": workload.labels()},
                "spec": {**body["spec"], "template": _template(workload.app, {})},
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


def _meta_labels(app: App) -> dict[str, str]:
    return {"app.kubernetes.io/name": app.name, "app.kubernetes.io/instance": hole("instance"), "team": app.team}


def _metadata(labels: dict[str, str]) -> dict[str, Any]:
    return {
        "name": hole("name"),
        "namespace": hole("namespace"),
        "uid": hole("uid"),
        "resourceVersion": hole(VERSION),
        "generation": raw("generation"),
        "creationTimestamp": hole("created"),
        "labels": labels,
    }


def _template(app: App, labels: dict[str, str]) -> dict[str, Any]:
    annotations = {"prometheus.io/scrape": "true", "prometheus.io/port": "9464"}
    return {"metadata": {"labels": labels, "annotations": annotations}, "spec": app.template}


def _deployment(app: App) -> dict[str, Any]:
    labels = _meta_labels(app)
    spec = {
        "replicas": raw("replicas"),
        "selector": {"matchLabels": {"app.kubernetes.io/instance": hole("instance")}},
        "template": _template(app, labels),
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}},
        "revisionHistoryLimit": 3,
        "progressDeadlineSeconds": 600,
    }
    applied = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"annotations": {}, "labels": labels, "name": hole("name"), "namespace": hole("namespace")},
        "spec": {
            "replicas": raw("replicas"),
            "selector": spec["selector"],
            "template": {"metadata": {"labels": labels}},
        },
    }
    annotations = {
        "deployment.kubernetes.io/revision": hole("revision"),
        "kubectl.kubernetes.io/last-applied-configuration": msgspec.json.encode(applied).decode() + "\n",
    }
    conditions = [
        {
            "type": "Progressing",
            "status": "True",
            "lastUpdateTime": hole("updated"),
            "lastTransitionTime": hole("created"),
            "reason": hole("progress"),
            "message": f'ReplicaSet "{hole("instance")}-{hole("digest")}" has successfully progressed.',
        },
        {
            "type": "Available",
            "status": hole("available"),
            "lastUpdateTime": hole("updated"),
            "lastTransitionTime": hole("updated"),
            "reason": hole("reason"),
            "message": "Deployment has minimum availability.",
        },
    ]
    status = {
        "observedGeneration": raw("generation"),
        "replicas": raw("total"),
        "updatedReplicas": raw("fresh"),
        "readyReplicas": raw("ready"),
        "availableReplicas": raw("ready"),
        "unavailableReplicas": raw("missing"),
        "conditions": conditions,
    }
    managed = [
        entry("kubectl-client-side-apply", "apps/v1", hole("created"), {"metadata": {"labels": labels}, "spec": spec}),
        entry("kube-controller-manager", "apps/v1", hole("updated"), {"status": status}, "status"),
    ]
    return {
        "metadata": {**_metadata(labels), "annotations": annotations, "managedFields": managed},
        "spec": spec,
        "status": status,
    }


def _replica_set(app: App) -> dict[str, Any]:
    labels = {**_meta_labels(app), "pod-template-hash": hole("digest")}
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": hole("instance"), "uid": hole("owner")}
    owner |= {"controller": True, "blockOwnerDeletion": True}  # type: ignore[dict-item]
    selector = {"app.kubernetes.io/instance": hole("instance"), "pod-template-hash": hole("digest")}
    spec = {"replicas": raw("replicas"), "selector": {"matchLabels": selector}, "template": _template(app, labels)}
    status = {
        "replicas": raw("total"),
        "fullyLabeledReplicas": raw("total"),
        "readyReplicas": raw("ready"),
        "availableReplicas": raw("ready"),
        "observedGeneration": 1,
    }
    annotations = {
        "deployment.kubernetes.io/desired-replicas": hole("replicas"),
        "deployment.kubernetes.io/max-replicas": hole("replicas"),
        "deployment.kubernetes.io/revision": hole("revision"),
    }
    manager = "kube-controller-manager"
    managed = [
        entry(manager, "apps/v1", hole("created"), {"metadata": {"labels": labels}, "spec": spec}),
        entry(manager, "apps/v1", hole("updated"), {"status": status}, "status"),
    ]
    meta = {**_metadata(labels), "generation": 1, "annotations": annotations, "ownerReferences": [owner]}
    return {"metadata": {**meta, "managedFields": managed}, "spec": spec, "status": status}
