"""Deployments and ReplicaSets of an application, with holes for what differs between namespaces."""

from typing import Any

import msgspec

from load.objects.app import App
from load.objects.fields import entry
from load.text import VERSION, hole, raw


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


def template(app: App, labels: dict[str, str]) -> dict[str, Any]:
    annotations = {"prometheus.io/scrape": "true", "prometheus.io/port": "9464"}
    return {"metadata": {"labels": labels, "annotations": annotations}, "spec": app.template}


def deployment(app: App) -> dict[str, Any]:
    labels = _meta_labels(app)
    spec = {
        "replicas": raw("replicas"),
        "selector": {"matchLabels": {"app.kubernetes.io/instance": hole("instance")}},
        "template": template(app, labels),
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


def replica_set(app: App) -> dict[str, Any]:
    labels = {**_meta_labels(app), "pod-template-hash": hole("digest")}
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": hole("instance"), "uid": hole("owner")}
    owner |= {"controller": True, "blockOwnerDeletion": True}  # type: ignore[dict-item]
    selector = {"app.kubernetes.io/instance": hole("instance"), "pod-template-hash": hole("digest")}
    spec = {"replicas": raw("replicas"), "selector": {"matchLabels": selector}, "template": template(app, labels)}
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
