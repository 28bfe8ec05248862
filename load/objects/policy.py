"""What governs others: budgets, autoscalers, admission, roles, certificate requests, classes."""

from typing import Any

from load.objects.workload import Workload

Document = dict[str, Any]


def disruption_budget(meta: Document, workload: Workload) -> Document:
    total, ready = workload.counts()
    wanted = max(1, workload.replicas * 3 // 4)
    spec = {"minAvailable": "75%", "selector": {"matchLabels": {"app.kubernetes.io/instance": workload.name}}}
    status = {
        "observedGeneration": 1,
        "disruptionsAllowed": max(0, ready - wanted),
        "currentHealthy": ready,
        "desiredHealthy": wanted,
        "expectedPods": total,
        "conditions": [
            {
                "type": "DisruptionAllowed",
                "status": "True" if ready > wanted else "False",
                "observedGeneration": 1,
                "lastTransitionTime": meta["creationTimestamp"],
                "reason": "SufficientPods" if ready > wanted else "InsufficientPods",
                "message": "",
            }
        ],
    }
    return {"metadata": meta, "spec": spec, "status": status}


def autoscaler(meta: Document, workload: Workload) -> Document:
    total, _ = workload.counts()
    reference = {"kind": "Deployment", "name": workload.name, "apiVersion": "apps/v1"}
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}
    spec = {
        "scaleTargetRef": reference,
        "minReplicas": max(1, workload.replicas // 2),
        "maxReplicas": workload.replicas * 3,
        "metrics": [{"type": "Resource", "resource": cpu}],
    }
    now = {"averageUtilization": 40 + workload.app.index % 50, "averageValue": "131m"}
    states = (
        ("AbleToScale", "ReadyForNewScale"),
        ("ScalingActive", "ValidMetricFound"),
        ("ScalingLimited", "DesiredWithinRange"),
    )
    conditions = [
        {
            "type": type,
            "status": "False" if type == "ScalingLimited" else "True",
            "lastTransitionTime": meta["creationTimestamp"],
            "reason": reason,
            "message": "the last recommendation was followed",
        }
        for type, reason in states
    ]
    status = {
        "lastScaleTime": meta["creationTimestamp"],
        "currentReplicas": total,
        "desiredReplicas": workload.replicas,
    }
    metrics = [{"type": "Resource", "resource": {"name": "cpu", "current": now}}]
    return {"metadata": meta, "spec": spec, "status": {**status, "currentMetrics": metrics, "conditions": conditions}}


def webhooks(meta: Document, mutating: bool) -> Document:
    """A webhook configuration of either sort."""
    rule = {
        "operations": ["CREATE", "UPDATE"],
        "apiGroups": [""],
        "apiVersions": ["v1"],
        "resources": ["pods"],
        "scope": "*",
    }
    hook = {
        "name": f"{meta['name']}.example.com",
        "clientConfig": {
            "service": {"namespace": "kube-system", "name": meta["name"], "path": "/admit", "port": 443},
            "caBundle": "Cg==",
        },
        "rules": [rule],
        "failurePolicy": "Ignore",
        "matchPolicy": "Equivalent",
        "namespaceSelector": {},
        "objectSelector": {},
        "sideEffects": "None",
        "timeoutSeconds": 10,
        "admissionReviewVersions": ["v1"],
        **({"reinvocationPolicy": "Never"} if mutating else {}),
    }
    return {"metadata": meta, "webhooks": [hook]}


def _matched() -> Document:
    rule = {
        "apiGroups": ["apps"],
        "apiVersions": ["v1"],
        "operations": ["CREATE", "UPDATE"],
        "resources": ["deployments"],
    }
    selectors: Document = {"namespaceSelector": {}, "objectSelector": {}}
    return {**selectors, "resourceRules": [{**rule, "scope": "*"}], "matchPolicy": "Equivalent"}


def admission_policy(meta: Document, mutating: bool) -> Document:
    spec: Document = {"matchConstraints": _matched(), "failurePolicy": "Fail"}
    if mutating:
        change = "Object{metadata: Object.metadata{labels: Object.metadata.labels{checked: 'yes'}}}"
        mutation = {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": change}}
        return {"metadata": meta, "spec": {**spec, "mutations": [mutation], "reinvocationPolicy": "Never"}}
    spec["validations"] = [{"expression": "object.spec.replicas in [1, 2, 3]", "reason": "Invalid"}]
    return {"metadata": meta, "spec": spec, "status": {"observedGeneration": 1, "typeChecking": {}}}


def admission_binding(meta: Document, mutating: bool) -> Document:
    spec: Document = {"policyName": meta["name"], "matchResources": _matched()}
    if not mutating:
        spec["validationActions"] = ["Audit"]
    return {"metadata": meta, "spec": spec}


def role(meta: Document) -> Document:
    return {"metadata": meta, "rules": [{"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["pods"]}]}


def role_binding(meta: Document, kind: str) -> Document:
    subject = {"kind": "ServiceAccount", "name": "default", "namespace": meta.get("namespace", "kube-system")}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": meta["name"]}
    return {"metadata": meta, "subjects": [subject], "roleRef": reference}


def signing_request(meta: Document, approved: bool) -> Document:
    signer = "kubernetes.io/kubelet-serving"
    spec: Document = {
        "request": "LS0tLS1CRUdJTg==",
        "signerName": signer,
        "usages": ["digital signature", "server auth"],
    }
    spec["username"] = f"system:node:{meta['name']}"
    if not approved:
        return {"metadata": meta, "spec": spec, "status": {}}
    times = {"lastUpdateTime": meta["creationTimestamp"], "lastTransitionTime": meta["creationTimestamp"]}
    condition = {"type": "Approved", "status": "True", "reason": "AutoApproved", **times}
    return {"metadata": meta, "spec": spec, "status": {"conditions": [condition], "certificate": "LS0tLS1CRUdJTg=="}}


def priority_class(meta: Document, value: int) -> Document:
    return {"metadata": meta, "value": value, "preemptionPolicy": "PreemptLowerPriority"}


def runtime_class(meta: Document) -> Document:
    return {"metadata": meta, "handler": meta["name"]}
