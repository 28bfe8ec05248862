"""Fills a world: how many of what, in the proportions of a real cluster."""

from load.objects import config, nodes, storage
from load.objects.app import App, Role
from load.objects.furniture import furnish, furnish_cluster, furnish_namespace
from load.objects.names import AGENTS, STAGES, TEAMS, suffix, uid
from load.objects.pod_document import State
from load.objects.pods import Owner, Pod
from load.objects.workload import Workload
from load.objects.world import World

_SYSTEM = ("default", "kube-system", "kube-public", "kube-node-lease", "monitoring", "ingress-nginx")

# Replicas of a Deployment: many small ones, few large; 6.4 on average.
_REPLICAS = (1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 4, 5, 6, 8, 12, 20, 40)

# Of 1,000 pods of a role, how many are in which state.
_STATES: dict[Role, dict[State, int]] = {
    Role.DEPLOYMENT: {
        State.RUNNING: 957,
        State.UNREADY: 8,
        State.CRASHING: 8,
        State.CREATING: 5,
        State.PENDING: 6,
        State.PULLING: 3,
        State.TERMINATING: 4,
        State.EVICTED: 9,
    },
    Role.STATEFUL_SET: {State.RUNNING: 992, State.UNREADY: 8},
    Role.DAEMON_SET: {State.RUNNING: 992, State.UNREADY: 5, State.CRASHING: 3},
    Role.JOB: {State.SUCCEEDED: 840, State.RUNNING: 90, State.FAILED: 60, State.PENDING: 10},
}


def populate(world: World) -> None:
    """Make everything and hand it to the cluster."""
    pods, nodes = world.settings.pods, world.settings.node_count
    make_nodes(world)
    _namespaces(world, max(2, pods // 150))
    agents = min(len(AGENTS), pods * 15 // 100 // nodes)
    for place in range(agents):
        _daemon_set(world, world.app(Role.DAEMON_SET, place))
    rest = pods - agents * nodes
    _jobs(world, rest * 8 // 100)
    _stateful_sets(world, rest * 12 // 100)
    _deployments(world, rest - rest * 8 // 100 - rest * 12 // 100)
    furnish_cluster(world)
    for namespace in world.namespaces:
        furnish_namespace(world, namespace)
    world.fill()


def make_nodes(world: World) -> None:
    for index in range(world.settings.node_count):
        made = nodes.node(index, uid(world.rng), world.past())
        world.nodes.append(made)
        world.show("nodes", nodes.document(made, ready=True, changed=world.past(1)))
        world.show("leases", nodes.lease(made, uid(world.rng), world.now - world.rng.random() * 10))


def _namespaces(world: World, count: int) -> None:
    for number in range(count):
        team, stage = TEAMS[number % len(TEAMS)], STAGES[number // len(TEAMS) % len(STAGES)]
        again = number // len(TEAMS) // len(STAGES)
        world.namespaces.append(f"{team}-{stage}-{again}" if again else f"{team}-{stage}")
    for name in (*_SYSTEM, *world.namespaces):
        labels = {"kubernetes.io/metadata.name": name, "team": name.partition("-")[0]}
        world.show("namespaces", config.namespace(world.meta(name, labels=labels)))


def _named(world: World, app: App, namespaces: list[str]) -> Workload:
    """A workload of the application, under a name that is free in one of the namespaces."""
    namespace = world.rng.choice(namespaces)
    taken = world.taken[namespace, app.name] = world.taken.get((namespace, app.name), 0) + 1
    return world.workload(app, namespace, f"{app.name}-{taken}" if taken > 1 else app.name)


def _old_pod(world: World, workload: Workload, owner: Owner, name: str, state: State) -> Pod:
    """A pod that has been there for a while, with times and restarts that go with its state."""
    rng = world.rng
    created = min(world.now - 60.0, workload.updated + rng.random() * (world.now - workload.updated))
    restarts = 0
    if state is State.CRASHING:
        restarts = rng.randrange(5, 400)
    elif state is State.RUNNING and rng.random() < 0.08:
        restarts = rng.randrange(1, 4)
    changed = float(int(created + 3 + rng.random() * 57))
    node = None if state is State.PENDING else rng.choice(world.nodes)
    created = float(int(created))
    return Pod(name, uid(rng), workload.app, owner, world.number(), state, node, created, changed, restarts)


def _state(world: World, role: Role) -> State:
    states = _STATES[role]
    return world.rng.choices(list(states), weights=list(states.values()))[0]


def _deployments(world: World, pods: int) -> None:
    while pods > 0:
        workload = _named(world, world.app(Role.DEPLOYMENT), world.namespaces)
        count = min(pods, world.rng.choice(_REPLICAS))
        pods -= count
        owner = replica_set_owner(world, workload)
        for _ in range(count):
            name = f"{owner.generate}{suffix(world.rng)}"
            workload.pods.append(_old_pod(world, workload, owner, name, _state(world, Role.DEPLOYMENT)))
        workload.replicas, _ = workload.counts()
        for pod in workload.pods:
            world.show_pod(pod)
        show_deployment(world, workload, owner)
        for place in range(1, len(workload.hashes)):
            world.put("replicasets", world.workloads.replica_set(workload, place, None, 0, workload.created))
        furnish(world, workload)


def replica_set_owner(world: World, workload: Workload) -> Owner:
    """The owner of the pods of the workload's present revision."""
    digest, uid_ = workload.hashes[0]
    name = f"{workload.name}-{digest}"
    return workload.hire("ReplicaSet", name, uid_, world.digest(), **{"pod-template-hash": digest})


def show_deployment(world: World, workload: Workload, owner: Owner, settled: bool = True) -> None:
    """The Deployment and its newest ReplicaSet, as their pods are."""
    world.put("deployments", world.workloads.deployment(workload, settled))
    world.put("replicasets", world.workloads.replica_set(workload, 0, owner, workload.replicas, workload.updated))


def _stateful_sets(world: World, pods: int) -> None:
    while pods > 0:
        workload = _named(world, world.app(Role.STATEFUL_SET), world.namespaces)
        workload.replicas = min(pods, world.rng.choice((1, 1, 3, 3, 3, 5, 7)))
        pods -= workload.replicas
        revision = f"{workload.name}-{workload.hashes[0][0]}"
        labels = {"controller-revision-hash": revision}
        owner = workload.hire("StatefulSet", workload.name, workload.uid, world.digest(), **labels)
        for ordinal in range(workload.replicas):
            pod = _old_pod(world, workload, owner, f"{workload.name}-{ordinal}", _state(world, Role.STATEFUL_SET))
            workload.pods.append(pod)
            world.show_pod(pod)
            if world.wants("persistentvolumeclaims", "persistentvolumes", "volumeattachments"):
                _volume(world, workload, pod)
        world.show("statefulsets", world.workloads.stateful_set(workload))
        furnish(world, workload)


def _volume(world: World, workload: Workload, pod: Pod) -> None:
    claim_meta = world.meta(f"data-{pod.name}", workload.namespace, workload.labels(), pod.created)
    name = f"pvc-{claim_meta['uid']}"
    claimed = storage.claim(claim_meta, name)
    world.show("persistentvolumeclaims", claimed)
    world.show("persistentvolumes", storage.volume(world.meta(name, created=pod.created), claimed))
    attached = world.meta(f"csi-{world.digest()}", created=pod.created)
    world.show("volumeattachments", storage.attachment(attached, name, pod))


def _daemon_set(world: World, app: App) -> None:
    workload = _named(world, app, ["kube-system"])
    workload.replicas = len(world.nodes)
    labels = {"controller-revision-hash": workload.hashes[0][0]}
    owner = workload.hire("DaemonSet", workload.name, workload.uid, world.digest(), **labels)
    for node in world.nodes:
        name = f"{workload.name}-{suffix(world.rng)}"
        pod = _old_pod(world, workload, owner, name, _state(world, Role.DAEMON_SET))
        pod = pod.on(node)
        workload.pods.append(pod)
        world.show_pod(pod)
    world.show("daemonsets", world.workloads.daemon_set(workload))


def _jobs(world: World, pods: int) -> None:
    while pods > 0:
        cron = _named(world, world.app(Role.JOB), world.namespaces)
        last = cron.created
        for _ in range(3):
            if pods <= 0:
                break
            count = min(pods, world.rng.choice((1, 1, 1, 1, 4)))
            pods -= count
            run = new_job(world, cron, world.past(2))
            last = max(last, run.created)
            owner = job_owner(world, run)
            for _ in range(count):
                name = f"{owner.generate}{suffix(world.rng)}"
                run.pods.append(_old_pod(world, run, owner, name, _state(world, Role.JOB)))
                world.show_pod(run.pods[-1])
            world.show("jobs", world.workloads.job(run, cron.uid))
        world.show("cronjobs", world.workloads.cron_job(cron, last))


def new_job(world: World, cron: Workload, created: float) -> Workload:
    """A run of a CronJob, without pods yet."""
    name = f"{cron.name}-{int(created) // 60}{world.number() % 1000:03d}"
    run = Workload(cron.app, cron.namespace, name, uid(world.rng), created)
    run.updated, run.replicas = created, 1
    return run


def job_owner(world: World, run: Workload) -> Owner:
    labels = {"batch.kubernetes.io/controller-uid": run.uid, "batch.kubernetes.io/job-name": run.name}
    return run.hire("Job", run.name, run.uid, world.digest(), **labels)
