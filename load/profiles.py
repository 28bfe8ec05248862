"""Profiles of change: endless generators that make one change to the cluster before each yield.

Their order depends on nothing but the world's seed, and on what was changed by hand.
"""

from collections import deque
from collections.abc import Callable, Iterator

import msgspec

from load.objects import nodes
from load.objects.app import Role
from load.objects.furniture import show_endpoints
from load.objects.names import suffix, uid
from load.objects.nodes import Node
from load.objects.pod_document import ACTIVE, State
from load.objects.pods import Owner, Pod
from load.objects.population import job_owner, new_job, replica_set_owner
from load.objects.workload import Workload
from load.objects.world import World

Steps = Iterator[None]

_HISTORY = 3  # ReplicaSets kept: revisionHistoryLimit
_LIVE_JOBS = 40
_LEAVING = frozenset({State.TERMINATING, State.EVICTED})  # no way back from here


def _moved(world: World, workload: Workload, pod: Pod, state: State, restarts: int = 0) -> Pod:
    """The pod in another state, shown; a pod that someone deleted stays away."""
    place = next((place for place, one in enumerate(workload.pods) if one.key == pod.key), None)
    if place is None:
        return pod
    node = pod.node or world.rng.choice(world.nodes)
    moved = msgspec.structs.replace(
        pod, state=state, node=node, changed=float(int(world.now)), restarts=pod.restarts + restarts
    )
    if world.wants("pods") and pod.key not in world.cluster.named("pods").objects:
        del workload.pods[place]
        return pod
    workload.pods[place] = moved
    world.show_pod(moved)
    return moved


def _gone(world: World, workload: Workload, pod: Pod) -> None:
    workload.pods = [one for one in workload.pods if one.key != pod.key]
    world.remove("pods", pod.key)


def _born(world: World, workload: Workload, name: str = "", away: Node | None = None) -> Pod:
    """A new pod of the workload, on some node but one."""
    owner = workload.owner
    assert isinstance(owner, Owner)
    others = [node for node in world.nodes if node is not away] or world.nodes if away else world.nodes
    name = name or f"{owner.generate}{suffix(world.rng)}"
    now = float(int(world.now))
    node = world.rng.choice(others)
    pod = Pod(name, uid(world.rng), workload.app, owner, world.number(), State.CREATING, node, now, now)
    workload.pods.append(pod)
    world.show_pod(pod)
    return pod


def _removed(world: World, workload: Workload, pod: Pod) -> Steps:
    """A pod leaves, with a grace period unless it is past one."""
    if pod.state not in _LEAVING:
        pod = _moved(world, workload, pod, State.TERMINATING)
        yield
    _gone(world, workload, pod)
    yield


def _replaced(world: World, workload: Workload, pod: Pod, away: Node | None = None) -> Steps:
    """A pod leaves and another takes its place; one of a StatefulSet keeps its name."""
    yield from _removed(world, workload, pod)
    name = pod.name if workload.app.role is Role.STATEFUL_SET else ""
    successor = _born(world, workload, name, away)
    yield
    _moved(world, workload, successor, State.RUNNING)
    yield


def _with_pods(world: World, *roles: Role) -> list[Workload]:
    return [workload for workload in world.running if workload.app.role in roles and workload.pods]


def _beat(world: World, node: Node) -> None:
    """A kubelet renews its lease."""
    key = f"kube-node-lease/{node.name}"
    identity = world.known_uid("leases", key)
    if identity:
        world.show("leases", nodes.lease(node, identity, world.now))


def steady(world: World) -> Steps:
    """Readiness that flips, containers that restart, pods that are replaced, kubelets that report."""
    rng = world.rng
    candidates = _with_pods(world, Role.DEPLOYMENT, Role.STATEFUL_SET, Role.DAEMON_SET)
    sick: deque[tuple[Workload, Pod]] = deque()
    limit = max(2, sum(len(workload.pods) for workload in candidates) // 100)
    while True:
        chance = rng.random()
        workload = rng.choice(candidates) if candidates else None
        if workload is None or not workload.pods or chance < 0.1:
            _beat(world, rng.choice(world.nodes))
            yield
        elif chance < 0.15:
            node = rng.choice(world.nodes)
            if node.name in world.cluster.named("nodes").objects:
                world.show("nodes", nodes.document(node, ready=True, changed=world.now))
            yield
        elif chance < 0.2 and workload.app.role is Role.DEPLOYMENT:
            yield from _replaced(world, workload, rng.choice(workload.pods))
        elif chance < 0.25 and workload.app.role is Role.DEPLOYMENT and workload.owner:
            world.put("deployments", world.workloads.deployment(workload))
            yield
        elif len(sick) > limit:
            workload, pod = sick.popleft()
            _moved(world, workload, pod, State.RUNNING, restarts=int(pod.state is State.CRASHING))
            yield
        else:
            pod = rng.choice(workload.pods)
            if pod.state in _LEAVING:
                yield from _replaced(world, workload, pod)
                continue
            if pod.state is State.RUNNING:
                turn = rng.choice((State.UNREADY, State.UNREADY, State.CRASHING))
                sick.append((workload, _moved(world, workload, pod, turn, restarts=int(turn is State.CRASHING))))
            else:
                _moved(world, workload, pod, State.RUNNING)
            yield


def rollout(world: World) -> Steps:
    """Deployments get a new image, one after the other, a quarter of their pods at a time."""
    while True:
        workloads = _with_pods(world, Role.DEPLOYMENT)
        if not workloads:
            return
        yield from _rolled(world, world.rng.choice(workloads))


def _rolled(world: World, workload: Workload) -> Steps:
    old, before = list(workload.pods), workload.owner
    workload.revision += 1
    workload.updated = world.now
    workload.hashes.insert(0, (suffix(world.rng, 10), uid(world.rng)))
    owner = replica_set_owner(world, workload)
    yield from _shown(world, workload, owner, settled=False)
    wave = max(1, len(old) // 4)
    for start in range(0, len(old), wave):
        leaving = old[start : start + wave]
        for _ in leaving:
            _born(world, workload)
            yield
        for pod in [pod for pod in workload.pods if pod.state is State.CREATING and pod.owner is owner]:
            _moved(world, workload, pod, State.RUNNING)
            yield
        for pod in leaving:
            yield from _removed(world, workload, pod)
        if before is not None and len(workload.hashes) > 1:
            remaining, _ = workload.counts(before)
            world.put("replicasets", world.workloads.replica_set(workload, 1, before, remaining, workload.created))
            yield
        yield from _shown(world, workload, owner, settled=False)
    workload.replicas, _ = workload.counts()
    yield from _shown(world, workload, owner, settled=True)
    if workload.key in world.cluster.named("services").objects:
        show_endpoints(world, workload)
        yield
    while len(workload.hashes) > _HISTORY:
        digest, _ = workload.hashes.pop()
        world.remove("replicasets", f"{workload.namespace}/{workload.name}-{digest}")
        yield


def _shown(world: World, workload: Workload, owner: Owner, settled: bool) -> Steps:
    world.put("deployments", world.workloads.deployment(workload, settled))
    yield
    world.put("replicasets", world.workloads.replica_set(workload, 0, owner, workload.replicas, workload.updated))
    yield


def drain(world: World) -> Steps:
    """Nodes fail one after the other: their pods are evicted and come up elsewhere, then the node is back."""
    while True:
        node = world.rng.choice(world.nodes)
        world.show("nodes", nodes.document(node, ready=False, changed=world.now, cordoned=True))
        yield
        roles = (Role.DEPLOYMENT, Role.STATEFUL_SET)
        found = [(workload, pod) for workload in _with_pods(world, *roles) for pod in workload.pods if pod.node is node]
        for workload, pod in found:
            if pod.state in ACTIVE:
                yield from _replaced(world, workload, pod, away=node)
        world.show("nodes", nodes.document(node, ready=True, changed=world.now))
        yield


def jobstorm(world: World) -> Steps:
    """Jobs come, run a pod, end well or badly and are cleaned up, many at a time."""
    rng = world.rng
    live: list[Steps] = []
    while True:
        if len(live) < _LIVE_JOBS:
            live.append(_job(world))
        place = rng.randrange(len(live))
        try:
            next(live[place])
        except StopIteration:
            del live[place]
            continue
        yield


def _job(world: World) -> Steps:
    rng = world.rng
    namespace = rng.choice(world.namespaces)
    app = world.app(Role.JOB)
    cron = Workload(app, namespace, app.name, uid(rng), world.now)
    run = new_job(world, cron, float(int(world.now)))
    job_owner(world, run)
    world.show("jobs", world.workloads.job(run, cron.uid))
    yield
    pod = _born(world, run)
    yield
    pod = _moved(world, run, pod, State.RUNNING)
    yield
    world.show("jobs", world.workloads.job(run, cron.uid))
    yield
    pod = _moved(world, run, pod, State.FAILED if rng.random() < 0.05 else State.SUCCEEDED)
    yield
    world.show("jobs", world.workloads.job(run, cron.uid))
    yield
    _gone(world, run, pod)
    yield
    world.remove("jobs", run.key)
    yield


PROFILES: dict[str, Callable[[World], Steps]] = {
    "steady": steady,
    "rollout": rollout,
    "drain": drain,
    "jobstorm": jobstorm,
}
