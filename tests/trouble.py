"""What goes wrong in a cluster, and how it is put right: changes of a synthetic one, in a namespace of their own."""

import contextlib

IMAGE = "registry.example/app:1"


def _pod(phase, *, waiting="", restarts=0, owner=None):
    state = {"waiting": {"reason": waiting}} if waiting else {"running": {"startedAt": "2026-11-02T08:00:00Z"}}
    container = {"name": "app", "image": IMAGE, "imageID": "", "ready": not waiting, "restartCount": restarts}
    meta = {"ownerReferences": [owner]} if owner else {}
    return {
        "metadata": meta,
        "spec": {"nodeName": "node-0", "containers": [{"name": "app", "image": IMAGE}]},
        "status": {"phase": phase, "containerStatuses": [{**container, "state": state}]},
    }


def _deployment(available):
    return {
        "metadata": {"generation": 1},
        "spec": {"replicas": 3},
        "status": {"observedGeneration": 1, "replicas": 3, "updatedReplicas": 3, "availableReplicas": available},
    }


def _node(ready):
    return {"spec": {}, "status": {"conditions": [{"type": "Ready", "status": ready, "reason": "KubeletReady"}]}}


def _claim(phase):
    return {"spec": {"accessModes": ["ReadWriteOnce"]}, "status": {"phase": phase}}


def _job(status):
    condition = {"type": "Failed", "status": status, "reason": "BackoffLimitExceeded"}
    return {"spec": {"backoffLimit": 0}, "status": {"failed": 1, "conditions": [condition]}}


def _quota(used):
    return {"spec": {"hard": {"pods": "100"}}, "status": {"hard": {"pods": "100"}, "used": {"pods": used}}}


def cases(namespace):
    """alert -> (labels it is to have, path of the object, the object when it is bad, and well; None: deleted)."""
    core, apps = f"/api/v1/namespaces/{namespace}", f"/apis/apps/v1/namespaces/{namespace}"
    batch = f"/apis/batch/v1/namespaces/{namespace}"
    within = {"namespace": namespace}
    node = f"{namespace}-node"
    return {
        "KubePodFailed": (within | {"pod": "ended"}, f"{core}/pods/ended", _pod("Failed"), None),
        "KubePodPending": (within | {"pod": "waits"}, f"{core}/pods/waits", _pod("Pending"), _pod("Running")),
        "KubePodCrashLooping": (
            within | {"pod": "crashes", "container": "app"},
            f"{core}/pods/crashes",
            _pod("Running", waiting="CrashLoopBackOff", restarts=7),
            _pod("Running", restarts=7),
        ),
        "KubeDeploymentReplicasMismatch": (
            within | {"deployment": "short"},
            f"{apps}/deployments/short",
            _deployment(1),
            _deployment(3),
        ),
        "KubeNodeNotReady": ({"node": node}, f"/api/v1/nodes/{node}", _node("False"), _node("True")),
        "KubePersistentVolumeClaimUnbound": (
            within | {"persistentvolumeclaim": "unbound"},
            f"{core}/persistentvolumeclaims/unbound",
            _claim("Pending"),
            _claim("Bound"),
        ),
        "KubeJobFailed": (within | {"job_name": "gave-up"}, f"{batch}/jobs/gave-up", _job("True"), None),
        "KubeQuotaAlmostFull": (
            within | {"resourcequota": "quota", "resource": "pods"},
            f"{core}/resourcequotas/quota",
            _quota("95"),
            _quota("10"),
        ),
    }


def begin(server, namespace):
    """Every case at once; beside them a failed pod of a Job and a cordoned node, which are no alert's business."""
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": "tries", "uid": "1", "controller": True}
    more = {
        f"/api/v1/namespaces/{namespace}": {"status": {"phase": "Active"}},
        f"/api/v1/namespaces/{namespace}/pods/tried": _pod("Failed", owner=owner),
        f"/api/v1/nodes/{namespace}-cordoned": {**_node("False"), "spec": {"unschedulable": True}},
    }
    objects = more | {path: bad for _, path, bad, _ in cases(namespace).values()}
    server.apply([{"action": "add", "path": path, "object": object} for path, object in objects.items()])


def end(server, namespace):
    """Every case put right."""
    server.apply(
        [
            {"action": "modify", "path": path, "object": well} if well else {"action": "delete", "path": path}
            for _, path, _, well in cases(namespace).values()
        ]
    )


@contextlib.contextmanager
def lasting(server, namespace):
    begin(server, namespace)
    try:
        yield
    finally:
        end(server, namespace)
