"""Scenarios of what users add: every label of every pod, and metrics of custom resources."""

from typing import Any

from load.bench.costing import costs, objects, tell
from load.bench.run import NOTHING, PODS_ONLY, Run
from load.testing import Server

_BATCH = 500  # objects a request: a body of 1 MB

CONFIG = """
kind: CustomResourceStateMetrics
spec:
  resources:
  - groupVersionKind: {group: bench.example, version: v1, kind: Gadget}
    labelsFromPath: {namespace: [metadata, namespace], name: [metadata, name]}
    metrics:
    - name: spec_replicas
      help: Replicas that are wanted.
      each: {type: Gauge, gauge: {path: [spec, replicas]}}
    - name: info
      help: What it is made of.
      each: {type: Info, info: {labelsFromPath: {image: [spec, image], zone: [spec, zone]}}}
    - name: status_phase
      help: Its phase.
      each: {type: StateSet, stateSet: {path: [status, phase], labelName: phase, list: [Pending, Running, Failed]}}
    - name: status_condition
      help: Its conditions.
      each:
        type: Gauge
        gauge: {path: [status, conditions], labelsFromPath: {type: [type]}, valueFrom: [status]}
"""


def labels(run: Run) -> None:
    """Every label of every pod as a label of a metric."""
    run.need("--metric-labels-allowlist")
    with run.cluster(run.settings.pods) as server:
        flags = (*PODS_ONLY, "--metric-labels-allowlist=*=[*]")
        tell(run, "labels", "pod", costs(run, server, objects(server, "pods"), *flags))


def custom_resources(run: Run) -> None:
    """A custom resource with four families, a quarter as many objects as pods, and nothing else."""
    run.need("--custom-resource-state-config")
    count = max(1, run.settings.pods // 4)
    with run.cluster(0, NOTHING) as server:
        fill(server, count)
        flags = ("--custom-resource-state-only=true", f"--custom-resource-state-config={CONFIG}")
        tell(run, "customresources", "object", costs(run, server, count, *flags))


def fill(server: Server, count: int) -> None:
    """Define gadgets.bench.example, and make so many of them."""
    crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    version = {"name": "v1", "served": True, "storage": True, "subresources": {"status": {}}}
    names = {"plural": "gadgets", "singular": "gadget", "kind": "Gadget", "listKind": "GadgetList"}
    spec = {"group": "bench.example", "names": names, "scope": "Namespaced", "versions": [version]}
    established = [{"type": kind, "status": "True"} for kind in ("NamesAccepted", "Established")]
    accepted = {"acceptedNames": names, "storedVersions": ["v1"], "conditions": established}
    server.add(f"{crds}/gadgets.bench.example", {"spec": spec, "status": accepted})
    changes = [
        {
            "action": "add",
            "path": f"/apis/bench.example/v1/namespaces/team-{number % 20}/gadgets/gadget-{number}",
            "object": _gadget(number),
        }
        for number in range(count)
    ]
    for start in range(0, count, _BATCH):
        server.apply(changes[start : start + _BATCH])


def _gadget(number: int) -> dict[str, Any]:
    """About 2 kB, as an operator's object with a few conditions has."""
    conditions = [
        {
            "type": kind,
            "status": "False" if (number + place) % 17 == 0 else "True",
            "reason": "AsExpected",
            "message": f"{kind} was looked at and is as the specification of gadget-{number} asks for. " * 4,
            "lastTransitionTime": "2026-11-02T08:00:00Z",
        }
        for place, kind in enumerate(("Ready", "Available", "Progressing", "Synced"))
    ]
    return {
        "metadata": {"labels": {"app.kubernetes.io/name": "gadget", "tier": f"tier-{number % 3}"}},
        "spec": {
            "replicas": number % 7,
            "image": f"registry.example/gadget:{number % 5}",
            "zone": f"zone-{number % 3}",
        },
        "status": {"phase": ("Running", "Running", "Pending", "Failed")[number % 4], "conditions": conditions},
    }
