"""A pod's document in every state of its life, with holes for what is a pod's own."""

from enum import StrEnum
from typing import Any

from load.objects.app import App, Role
from load.objects.fields import entry
from load.text import VERSION, hole, raw


class State(StrEnum):
    """Where a pod is in its life."""

    PENDING = "pending"  # no node has room
    CREATING = "creating"
    PULLING = "pulling"  # its image cannot be had
    RUNNING = "running"
    UNREADY = "unready"
    CRASHING = "crashing"
    TERMINATING = "terminating"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    EVICTED = "evicted"


ACTIVE = frozenset(State) - {State.SUCCEEDED, State.FAILED, State.EVICTED}
STARTED = frozenset({State.RUNNING, State.UNREADY, State.TERMINATING})
_PHASES = {
    State.PENDING: "Pending", State.CREATING: "Pending", State.PULLING: "Pending", State.SUCCEEDED: "Succeeded",
    State.FAILED: "Failed", State.EVICTED: "Failed",
}  # fmt: skip


def _terminated(code: int, reason: str) -> dict[str, Any]:
    times = {"startedAt": hole("created"), "finishedAt": hole("changed")}
    return {
        "terminated": {"exitCode": code, "reason": reason, **times, "containerID": f"containerd://{hole('before')}"}
    }


def _container(name: str, image: str, number: int, state: State) -> dict[str, Any]:
    main = number == 0
    identity = f"containerd://{hole(f'id{number}')}"
    running = {"running": {"startedAt": hole("started")}}
    waiting: dict[State, tuple[str, str]] = {
        State.CREATING: ("ContainerCreating", ""),
        State.PULLING: ("ImagePullBackOff", f'Back-off pulling image "{image}"'),
        State.CRASHING: ("CrashLoopBackOff", "back-off 5m0s restarting failed container"),
    }
    ends = {State.SUCCEEDED: (0, "Completed"), State.FAILED: (1 if main else 0, "Error" if main else "Completed")}
    if state in ends:
        current: dict[str, Any] = _terminated(*ends[state])
    elif state in waiting and (main or state is State.CREATING):
        reason, message = waiting[state]
        current = {"waiting": {"reason": reason, **({"message": message} if message else {})}}
    else:
        current = running
    started = "running" in current
    ready = started and not (main and state is State.UNREADY)
    known = started or "terminated" in current or state is State.CRASHING
    return {
        "name": name,
        "state": current,
        "lastState": raw("last") if main else {},
        "ready": ready,
        "restartCount": raw("restarts") if main else 0,
        "image": image,
        "imageID": f"{image.partition(':')[0]}@sha256:{hole('digest')}" if known else "",
        **({"containerID": identity} if known else {}),
        "started": started,
        "volumeMounts": [
            {"name": "config", "mountPath": f"/etc/{name}", "readOnly": True, "recursiveReadOnly": "Disabled"}
        ],
    }


def _conditions(state: State) -> list[dict[str, Any]]:
    def condition(type: str, holds: bool, time: str, reason: str = "", message: str = "") -> dict[str, Any]:
        extra = {name: text for name, text in (("reason", reason), ("message", message)) if text}
        known = {"type": type, "status": "True" if holds else "False", "lastProbeTime": None}
        return {**known, "lastTransitionTime": hole(time), **extra}

    if state is State.PENDING:
        message = "0/100 nodes are available: 100 Insufficient cpu."
        return [condition("PodScheduled", False, "created", "Unschedulable", message)]
    ended = state in {State.SUCCEEDED, State.FAILED}
    ready = state in {State.RUNNING, State.TERMINATING}
    reason = "PodCompleted" if ended else "" if ready else "ContainersNotReady"
    sandbox = state not in {State.CREATING, State.SUCCEEDED, State.FAILED}
    return [
        condition("PodReadyToStartContainers", sandbox, "created"),
        condition("Initialized", True, "created", "PodCompleted" if ended else ""),
        condition("Ready", ready, "changed", reason),
        condition("ContainersReady", ready, "changed", reason),
        condition("PodScheduled", True, "created"),
    ]


def _status(app: App, state: State) -> dict[str, Any]:
    phase = _PHASES.get(state, "Running")
    if state is State.EVICTED:
        message = "The node was low on resource: memory. Threshold quantity: 100Mi, available: 93428Ki."
        return {"phase": phase, "message": message, "reason": "Evicted", "startTime": hole("created")}
    status: dict[str, Any] = {"phase": phase, "conditions": _conditions(state)}
    if state is State.PENDING:
        return {**status, "qosClass": "Burstable"}
    status |= {"hostIP": hole("node_ip"), "hostIPs": [{"ip": hole("node_ip")}]}
    if state is not State.CREATING:
        status |= {"podIP": hole("ip"), "podIPs": [{"ip": hole("ip")}]}
    status["startTime"] = hole("created")
    if app.init:
        first = _container("prepare", f"{app.image}-migrate:{hole('tag')}", 2, State.SUCCEEDED)
        status["initContainerStatuses"] = [{**first, "ready": True}]
    status["containerStatuses"] = [
        _container(app.name, f"{app.image}:{hole('tag')}", 0, state),
        _container("telemetry-proxy", app.sidecar_image, 1, state),
    ]
    return {**status, "qosClass": "Burstable"}


def _with_token(container: dict[str, Any]) -> dict[str, Any]:
    path = "/var/run/secrets/kubernetes.io/serviceaccount"
    mount = {"name": f"kube-api-access-{hole('token')}", "readOnly": True, "mountPath": path}
    return {**container, "volumeMounts": [*container["volumeMounts"], mount]}


def _token_volume() -> dict[str, Any]:
    namespace = {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
    sources = [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [namespace]}},
    ]
    return {"name": f"kube-api-access-{hole('token')}", "projected": {"sources": sources, "defaultMode": 420}}


def _spec(app: App, state: State) -> dict[str, Any]:
    lasting = {"operator": "Exists", "effect": "NoExecute"}
    tolerations = [{"key": f"node.kubernetes.io/{name}", **lasting} for name in ("not-ready", "unreachable")]
    if app.role is not Role.DAEMON_SET:
        tolerations = [{**toleration, "tolerationSeconds": 300} for toleration in tolerations]  # type: ignore[dict-item]
    spec = {**app.spec, "containers": [_with_token(container) for container in app.spec["containers"]]}
    if app.init:
        spec["initContainers"] = [_with_token(container) for container in app.spec["initContainers"]]
    spec["volumes"] = [*spec["volumes"], _token_volume()]
    if state is not State.PENDING:
        spec["nodeName"] = hole("node")
    tail = {"tolerations": tolerations, "priority": 0, "enableServiceLinks": True}
    return {**spec, **tail, "preemptionPolicy": "PreemptLowerPriority"}


def document(app: App, state: State) -> dict[str, Any]:
    """A pod of the application in this state, with holes for what is a pod's own."""
    status = _status(app, state)
    written = {"metadata": {"generateName": "", "labels": {"app.kubernetes.io/name": ""}}, "spec": app.spec}
    times = {"creationTimestamp": hole("created")}
    if state is State.TERMINATING:
        times |= {"deletionTimestamp": hole("changed"), "deletionGracePeriodSeconds": raw("grace")}
    return {
        "metadata": {
            "name": hole("name"),
            "generateName": hole("generate"),
            "namespace": hole("namespace"),
            "uid": hole("uid"),
            "resourceVersion": hole(VERSION),
            "generation": 1,
            **times,
            "labels": raw("labels"),
            "annotations": {
                "prometheus.io/scrape": "true",
                "prometheus.io/port": "9464",
                "kubectl.kubernetes.io/default-container": app.name,
            },
            "ownerReferences": raw("references"),
            "managedFields": [
                entry("kube-controller-manager", "v1", hole("created"), written),
                entry("kubelet", "v1", hole("changed"), {"status": status}, "status"),
            ],
        },
        "spec": _spec(app, state),
        "status": status,
    }
