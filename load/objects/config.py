"""Namespaces, configuration, secrets, accounts, quotas and limits."""

import base64
import random
from typing import Any

Document = dict[str, Any]


def namespace(meta: Document, terminating: bool = False) -> Document:
    phase = "Terminating" if terminating else "Active"
    return {"metadata": meta, "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": phase}}


def config_map(meta: Document, lines: int) -> Document:
    text = "".join(f"setting.{number}: value-{number * 37 % 101}\n" for number in range(lines))
    return {"metadata": meta, "data": {"config.yaml": text}}


def authority(meta: Document) -> Document:
    """The certificate authority that every namespace has a copy of."""
    lines = ("MIIDBTCCAe2gAwIBAgIIQ2hhcnRlcmVkUm9ib3RzV2lsbE5vdENvbXBpbGVUaGlz" for _ in range(14))
    text = "\n".join(("-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""))
    return {"metadata": meta, "data": {"ca.crt": text}}


def secret(meta: Document, rng: random.Random, kind: str) -> Document:
    """A secret of random content, of one of the types that a cluster has most of."""
    keys = {
        "kubernetes.io/tls": {"tls.crt": 1200, "tls.key": 1700},
        "kubernetes.io/dockerconfigjson": {".dockerconfigjson": 240},
        "helm.sh/release.v1": {"release": 3000},
        "Opaque": {"password": 24, "token": 48},
    }[kind]
    data = {name: base64.b64encode(rng.randbytes(size * 3 // 4)).decode() for name, size in keys.items()}
    return {"metadata": meta, "data": data, "type": kind}


def service_account(meta: Document) -> Document:
    return (
        {"metadata": meta, "automountServiceAccountToken": False} if meta["name"] != "default" else {"metadata": meta}
    )


def resource_quota(meta: Document, pods: int) -> Document:
    hard = {"limits.memory": "800Gi", "pods": str(pods * 2 + 10), "requests.cpu": "200", "services.loadbalancers": "5"}
    used = {
        "limits.memory": f"{pods}Gi",
        "pods": str(pods),
        "requests.cpu": f"{pods * 250}m",
        "services.loadbalancers": "0",
    }
    return {"metadata": meta, "spec": {"hard": hard}, "status": {"hard": hard, "used": used}}


def limit_range(meta: Document) -> Document:
    limit = {"type": "Container", "max": {"cpu": "8", "memory": "16Gi"}, "min": {"cpu": "10m", "memory": "16Mi"}}
    limit |= {"default": {"cpu": "500m", "memory": "512Mi"}, "defaultRequest": {"cpu": "100m", "memory": "128Mi"}}
    return {"metadata": meta, "spec": {"limits": [limit]}}


def replication_controller(meta: Document) -> Document:
    """What someone forgot to migrate."""
    labels = {"app": meta["name"]}
    container = {"name": "app", "image": "registry.example.com/legacy/app:1", "resources": {}}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = {"replicas": 0, "selector": labels, "template": template}
    return {"metadata": meta, "spec": spec, "status": {"replicas": 0, "observedGeneration": 1}}
