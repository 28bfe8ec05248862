from collections.abc import Callable, Collection, Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv6Address
from socket import AF_INET, inet_pton

import msgspec

from shardex.exposition.compile import endings
from shardex.exposition.family import COUNTER, Shape, Shared, Source, alpha, stable
from shardex.kube.meta import Condition, ObjectMeta, Part
from shardex.kube.quantity import Quantity, milli, whole
from shardex.resources.amounts import remembered
from shardex.resources.containers import (
    NOTHING,
    Asked,
    Container,
    ContainerStatus,
    InitContainer,
    asked,
    each,
    is_running,
    is_terminated,
    is_waiting,
    last_exit_code,
    last_finished,
    last_of_name,
    last_terminated_reason,
    limits,
    ready,
    requests,
    restarts,
    started,
    terminated_reason,
    waiting_reason,
)
from shardex.resources.resource import Resource
from shardex.resources.shared import (
    STATUSES,
    Row,
    annotations_family,
    controlled_owners,
    created,
    deleted,
    distinct,
    labels_family,
    one_of,
    stamp,
)
from shardex.rfc3339 import ZERO_TIME, seconds

# The reasons that kubelets, controllers and schedulers give; any other would be an unbounded label.
REASONS = (
    "Evicted",
    "NodeAffinity",
    "NodeLost",
    "PreemptionByScheduler",
    "SchedulingGated",
    "Shutdown",
    "TerminationByKubelet",
    "UnexpectedAdmissionError",
)
DISRUPTIONS = frozenset(
    {
        "PreemptionByScheduler",
        "DeletionByTaintManager",
        "EvictionByEvictionAPI",
        "DeletionByPodGC",
        "TerminationByKubelet",
    }
)

# Label names of rows that several families share.
IMAGE = ("container", "image_spec", "image", "image_id", "container_id")
AMOUNT = ("container", "node", "resource", "unit")
CLAIM = ("volume", "persistentvolumeclaim", "ephemeral")


class Claim(Part):
    claim_name: str = ""
    read_only: bool = False


class Ephemeral(Part):
    """A claim that lives as long as its pod; only its being there is read."""


class Volume(Part):
    name: str = ""
    persistent_volume_claim: Claim | None = None
    ephemeral: Ephemeral | None = None


class Toleration(Part):
    key: str = ""
    operator: str = ""
    value: str = ""
    effect: str = ""
    toleration_seconds: int | None = None


_volumes = msgspec.json.Decoder(list[Volume] | None).decode


class ResourceClaim(Part):
    name: str = ""
    resource_claim_name: str | None = None
    resource_claim_template_name: str | None = None


class ResourceClaimStatus(Part):
    name: str = ""
    resource_claim_name: str | None = None


class PodIP(Part):
    ip: str = ""


class Spec(Part):
    """What is asked for; volumes and tolerations stay JSON.

    Tolerations are nearly always the same few bytes, and few pods have volumes that are claims: so neither is decoded
    for
    most pods.
    """

    node_name: str = ""
    host_network: bool = False
    priority_class_name: str = ""
    restart_policy: str = ""
    runtime_class_name: str | None = None
    scheduler_name: str = ""
    service_account_name: str = ""
    containers: list[Container] | None = None
    init_containers: list[InitContainer] | None = None
    volumes: msgspec.Raw = NOTHING
    tolerations: msgspec.Raw = NOTHING
    node_selector: dict[str, str] | None = None
    overhead: dict[str, Quantity] | None = None
    resource_claims: list[ResourceClaim] | None = None


class Status(Part):
    phase: str = ""
    reason: str = ""
    qos_class: str = ""
    host_ip: str = msgspec.field(default="", name="hostIP")
    pod_ip: str = msgspec.field(default="", name="podIP")
    pod_ips: list[PodIP] | None = msgspec.field(default=None, name="podIPs")
    start_time: str | None = None
    conditions: list[Condition] | None = None
    container_statuses: list[ContainerStatus] | None = None
    init_container_statuses: list[ContainerStatus] | None = None
    resource_claim_statuses: list[ResourceClaimStatus] | None = None


class Pod(Part):
    metadata: ObjectMeta = ObjectMeta()
    spec: Spec = Spec()
    status: Status = Status()


def main(pod: Pod) -> Sequence[ContainerStatus] | None:
    return last_of_name(pod.status.container_statuses)


def every_main(pod: Pod) -> Sequence[ContainerStatus] | None:
    return pod.status.container_statuses


def init(pod: Pod) -> Sequence[ContainerStatus] | None:
    return last_of_name(pod.status.init_container_statuses)


def every_init(pod: Pod) -> Sequence[ContainerStatus] | None:
    return pod.status.init_container_statuses


def main_asked(pod: Pod) -> Collection[Asked]:
    return asked(pod.spec.containers, pod.spec.node_name)


def init_asked(pod: Pod) -> Collection[Asked]:
    return asked(pod.spec.init_containers, pod.spec.node_name)


def completed(pod: Pod) -> int | None:
    """When the last container that has ended ended; None while that is not after 1970."""
    ended = [s.state.terminated.finished_at for s in pod.status.container_statuses or () if s.state.terminated]
    ends = [ZERO_TIME if time is None else seconds(time) for time in ended]
    return last if ends and (last := max(ends)) > 0 else None


def info(pod: Pod) -> Row:
    spec, status = pod.spec, pod.status
    kind = name = ""
    for owner in pod.metadata.owner_references or ():
        if owner.controller:
            kind, name = owner.kind, owner.name
            break
    network = "true" if spec.host_network else "false"
    return (status.host_ip, status.pod_ip, spec.node_name, kind, name, spec.priority_class_name, network)


def container_info(pod: Pod) -> Iterable[Row]:
    """Containers that have a status: image as asked for, image as run, ids."""
    statuses = pod.status.container_statuses
    if not statuses:
        return ()
    known = {s.name: s for s in reversed(statuses)}
    rows = [
        (s.name, c.image, s.image, s.image_id, s.container_id, 1)
        for c in pod.spec.containers or ()
        if (s := known.get(c.name))
    ]
    return rows if len(known) == len(rows) else distinct(rows)


def init_container_info(pod: Pod) -> Iterable[Row]:
    """The same of init containers, with the restart policy that makes one a sidecar."""
    return distinct(
        [
            (s.name, c.image, s.image, s.image_id, s.container_id, c.restart_policy or "", 1)
            for c in pod.spec.init_containers or ()
            for s in pod.status.init_container_statuses or ()
            if s.name == c.name
        ]
    )


def addresses(pod: Pod) -> Iterable[Row]:
    """(address, "4" or "6"); what is no address gives no row."""
    found = [entry.ip for entry in pod.status.pod_ips or ()]
    return distinct([(text, family, 1) for text in found if (family := ip_family(text))])


def ip_family(text: str) -> str:
    """Family of an address, 4 or 6, as text: 4 for an IPv4 one inside an IPv6 one too; empty for what is no address."""
    try:
        inet_pton(AF_INET, text)
    except (OSError, ValueError):
        pass  # asked first, since ipaddress takes ten times as long and most addresses are IPv4
    else:
        return "4"
    try:
        address = IPv6Address(text)
    except ValueError:
        return ""
    return "6" if address.ipv4_mapped is None else "4"


def overhead(resource: str, amount: Callable[[Quantity], float]) -> Source:
    def source(pod: Pod) -> float | None:
        amounts = pod.spec.overhead
        return amount(amounts[resource]) if amounts and resource in amounts else None

    return source


def resource_claims(pod: Pod) -> Iterable[Row]:
    """(name in the pod, claim, template); a claim made from a template is named in the status, later."""
    spec = pod.spec.resource_claims
    if not spec:
        return ()
    made = {s.name: s.resource_claim_name for s in pod.status.resource_claim_statuses or () if s.resource_claim_name}
    return distinct(
        [
            (
                c.name,
                made.get(c.name, "") if c.resource_claim_name is None else c.resource_claim_name,
                template or "",
                1,
            )
            for c in spec
            if (template := c.resource_claim_template_name) is not None or c.resource_claim_name is not None
        ]
    )


def claims(pod: Pod) -> Collection[tuple[str, str, str, bool]]:
    """(volume, claim, ephemeral, read only); an ephemeral volume's claim is named after its pod. Few pods have any."""
    raw = bytes(pod.spec.volumes)
    if b'"persistentVolumeClaim"' not in raw and b'"ephemeral"' not in raw:
        return ()
    found: list[Row] = []
    for volume in _volumes(raw) or ():
        claim = volume.persistent_volume_claim
        if claim is not None:
            found.append((volume.name, claim.claim_name, "false", claim.read_only))
        elif volume.ephemeral is not None:
            found.append((volume.name, f"{pod.metadata.name}-{volume.name}", "true", False))
    return distinct(found)


def conditions(pod: Pod) -> dict[str, list[Condition]]:
    """The conditions of each type; nine families ask for one."""
    found: dict[str, list[Condition]] = {}
    for c in pod.status.conditions or ():
        found.setdefault(c.type, []).append(c)
    return found


def condition(type: str) -> Source:
    """A row a status, 1 for the one that the first condition of the type has; no rows without one."""
    none = endings(["condition"], [(label, 0) for _, label in STATUSES])
    known = {now: endings(["condition"], [(label, now == status) for status, label in STATUSES]) for now, _ in STATUSES}

    def rows(found: dict[str, list[Condition]]) -> tuple[str, ...]:
        return known.get(found[type][0].status, none) if type in found else ()

    return Shared(conditions, rows)


def since(type: str, status: str) -> Source:
    """When the condition took that status; None while it has another."""

    def source(found: dict[str, list[Condition]]) -> str | int | None:
        for c in found.get(type, ()):
            if c.status == status:
                return stamp(c.last_transition_time)
        return None

    return Shared(conditions, source)


def unschedulable(found: dict[str, list[Condition]]) -> int | None:
    return 1 if any(c.status == "False" for c in found.get("PodScheduled", ())) else None


def reasons(pod: Pod) -> Iterable[Row]:
    """Every known reason found in status, conditions and ended containers; Other for an unknown one of the status."""
    status = pod.status
    found = [c.reason for c in status.conditions or ()]
    found += [s.state.terminated.reason for s in status.container_statuses or () if s.state.terminated]
    found.append(status.reason)
    if not any(found):
        return ()
    rows = [(reason, 1) for reason in REASONS if reason in found]
    if status.reason and status.reason not in REASONS:
        rows.append(("Other", 1))
    return rows


def disruptions(found: dict[str, list[Condition]]) -> Iterable[Row]:
    """Reasons of DisruptionTarget conditions, whatever their status."""
    reasons = [c.reason for c in found.get("DisruptionTarget", ())]
    return distinct([(reason if reason in DISRUPTIONS else "Other", 1) for reason in reasons])


TOLERATION = ("key", "operator", "value", "effect", "toleration_seconds")


def tolerations(pod: Pod) -> tuple[str, ...]:
    found: tuple[str, ...] = remembered(_tolerations, bytes(pod.spec.tolerations))
    return found


@lru_cache(maxsize=1 << 10)  # nearly every pod has the two that the API server adds, and no more
def _tolerations(raw: bytes) -> tuple[str, ...]:
    found: list[Toleration] = msgspec.json.decode(raw, type=list[Toleration] | None) or []
    return endings(
        TOLERATION,
        distinct(
            [
                (
                    t.key,
                    t.operator,
                    t.value,
                    t.effect,
                    "" if t.toleration_seconds is None else str(t.toleration_seconds),
                    1,
                )
                for t in found
            ]
        ),
    )


def runtime_class(pod: Pod) -> tuple[str] | None:
    return None if pod.spec.runtime_class_name is None else (pod.spec.runtime_class_name,)


PODS = Resource(
    "v1",
    "pods",
    "Pod",
    Pod,
    identity=(("namespace", "metadata.namespace"), ("pod", "metadata.name"), ("uid", "metadata.uid")),
    families=(
        stable("kube_pod_completion_time", "When the last container of the Pod ended, in Unix seconds.", completed),
        stable(
            "kube_pod_container_info",
            "What a container of the Pod runs: images and ids.",
            container_info,
            *IMAGE,
            unique=("image_id", "container_id"),
        ),
        stable(
            "kube_pod_container_resource_limits",
            "What a container may use at most of each resource.",
            limits(main_asked),
            *AMOUNT,
            shape=Shape.ENDINGS,
        ),
        stable(
            "kube_pod_container_resource_requests",
            "What a container asks for of each resource.",
            requests(main_asked),
            *AMOUNT,
            shape=Shape.ENDINGS,
        ),
        stable(
            "kube_pod_container_state_started",
            "When the container started, in Unix seconds.",
            each(main, started),
            "container",
        ),
        alpha(
            "kube_pod_container_status_last_terminated_reason",
            "Why the container ended the last time.",
            each(every_main, last_terminated_reason),
            "container",
            "reason",
            shape=Shape.ROW,
        ),
        alpha(
            "kube_pod_container_status_last_terminated_exitcode",
            "Exit code with which the container ended the last time.",
            each(main, last_exit_code),
            "container",
        ),
        alpha(
            "kube_pod_container_status_last_terminated_timestamp",
            "When the container ended the last time, in Unix seconds.",
            each(main, last_finished),
            "container",
        ),
        stable(
            "kube_pod_container_status_ready",
            "Whether the container passes its readiness probe.",
            each(main, ready),
            "container",
        ),
        stable(
            "kube_pod_container_status_restarts_total",
            "How often the container was restarted.",
            each(main, restarts),
            "container",
            type=COUNTER,
        ),
        stable(
            "kube_pod_container_status_running", "Whether the container runs now.", each(main, is_running), "container"
        ),
        stable(
            "kube_pod_container_status_terminated",
            "Whether the container has ended.",
            each(main, is_terminated),
            "container",
        ),
        alpha(
            "kube_pod_container_status_terminated_reason",
            "Why the container has ended.",
            each(every_main, terminated_reason),
            "container",
            "reason",
            shape=Shape.ROW,
        ),
        stable(
            "kube_pod_container_status_waiting",
            "Whether the container waits to be started.",
            each(main, is_waiting),
            "container",
        ),
        stable(
            "kube_pod_container_status_waiting_reason",
            "Why the container waits.",
            each(every_main, waiting_reason),
            "container",
            "reason",
            shape=Shape.ROW,
        ),
        stable("kube_pod_created", "When the Pod was created, in Unix seconds.", created),
        alpha("kube_pod_deletion_timestamp", "When the Pod is to be gone, in Unix seconds.", deleted),
        stable(
            "kube_pod_info",
            "Where the Pod runs and what made it.",
            info,
            "host_ip",
            "pod_ip",
            "node",
            "created_by_kind",
            "created_by_name",
            "priority_class",
            "host_network",
            shape=Shape.ROW,
            unique=("pod_ip", "created_by_name"),
        ),
        alpha("kube_pod_ips", "Addresses of the Pod, one a row.", addresses, "ip", "ip_family", unique=("ip",)),
        stable(
            "kube_pod_init_container_info",
            "What an init container of the Pod runs: images, ids, restart policy.",
            init_container_info,
            *IMAGE,
            "restart_policy",
            unique=("image_id", "container_id"),
        ),
        alpha(
            "kube_pod_init_container_resource_limits",
            "What an init container may use at most of each resource.",
            limits(init_asked),
            *AMOUNT,
            shape=Shape.ENDINGS,
        ),
        alpha(
            "kube_pod_init_container_resource_requests",
            "What an init container asks for of each resource.",
            requests(init_asked),
            *AMOUNT,
            shape=Shape.ENDINGS,
        ),
        alpha(
            "kube_pod_init_container_state_started",
            "When the init container started, in Unix seconds.",
            each(init, started),
            "container",
        ),
        alpha(
            "kube_pod_init_container_status_last_terminated_reason",
            "Why the init container ended the last time.",
            each(every_init, last_terminated_reason),
            "container",
            "reason",
            shape=Shape.ROW,
        ),
        alpha(
            "kube_pod_init_container_status_last_terminated_exitcode",
            "Exit code with which the init container ended the last time.",
            each(init, last_exit_code),
            "container",
        ),
        alpha(
            "kube_pod_init_container_status_last_terminated_timestamp",
            "When the init container ended the last time, in Unix seconds.",
            each(init, last_finished),
            "container",
        ),
        stable(
            "kube_pod_init_container_status_ready",
            "Whether the init container is done, or passes its readiness probe.",
            each(init, ready),
            "container",
        ),
        stable(
            "kube_pod_init_container_status_restarts_total",
            "How often the init container was restarted.",
            each(init, restarts),
            "container",
            type=COUNTER,
        ),
        stable(
            "kube_pod_init_container_status_running",
            "Whether the init container runs now.",
            each(init, is_running),
            "container",
        ),
        stable(
            "kube_pod_init_container_status_terminated",
            "Whether the init container has ended.",
            each(init, is_terminated),
            "container",
        ),
        alpha(
            "kube_pod_init_container_status_terminated_reason",
            "Why the init container has ended.",
            each(every_init, terminated_reason),
            "container",
            "reason",
            shape=Shape.ROW,
        ),
        stable(
            "kube_pod_init_container_status_waiting",
            "Whether the init container waits to be started.",
            each(init, is_waiting),
            "container",
        ),
        alpha(
            "kube_pod_init_container_status_waiting_reason",
            "Why the init container waits.",
            each(every_init, waiting_reason),
            "container",
            "reason",
            shape=Shape.ROW,
        ),
        annotations_family("kube_pod_annotations"),
        labels_family("kube_pod_labels"),
        alpha(
            "kube_pod_overhead_cpu_cores",
            "Cores that running the Pod costs beyond its containers.",
            overhead("cpu", milli),
        ),
        alpha(
            "kube_pod_overhead_memory_bytes",
            "Memory that running the Pod costs beyond its containers, in bytes.",
            overhead("memory", whole),
        ),
        stable(
            "kube_pod_owner", "What owns the Pod.", controlled_owners, "owner_kind", "owner_name", "owner_is_controller"
        ),
        alpha(
            "kube_pod_resourceclaim_info",
            "Resource claims of the Pod: its own name for each, the claim, and the template it came from.",
            resource_claims,
            "claim_name",
            "resourceclaim_name",
            "resourceclaim_template_name",
        ),
        stable(
            "kube_pod_restart_policy",
            "When containers of the Pod are restarted.",
            lambda p: (p.spec.restart_policy,),
            "type",
            shape=Shape.ROW,
        ),
        alpha(
            "kube_pod_runtimeclass_name_info",
            "Runtime class that the Pod asks for.",
            runtime_class,
            "runtimeclass_name",
            shape=Shape.ROW,
        ),
        stable(
            "kube_pod_spec_volumes_persistentvolumeclaims_info",
            "Volumes of the Pod that are claims, named or ephemeral.",
            Shared(claims, lambda claims: [(*labels, 1) for *labels, _ in claims]),
            *CLAIM,
        ),
        stable(
            "kube_pod_spec_volumes_persistentvolumeclaims_readonly",
            "Whether the Pod mounts the claim read only; an ephemeral one never is.",
            Shared(claims, lambda claims: claims),
            *CLAIM,
        ),
        stable(
            "kube_pod_start_time",
            "When the kubelet took the Pod on, in Unix seconds.",
            lambda p: p.status.start_time,
        ),
        stable(
            "kube_pod_status_phase",
            "Phase of the Pod; 1 for the present one.",
            one_of("phase", lambda p: p.status.phase, "Pending", "Succeeded", "Failed", "Unknown", "Running"),
            "phase",
            shape=Shape.ENDINGS,
        ),
        alpha(
            "kube_pod_status_qos_class",
            "Quality of service class of the Pod; 1 for the present one.",
            one_of("qos_class", lambda p: p.status.qos_class, "BestEffort", "Burstable", "Guaranteed"),
            "qos_class",
            shape=Shape.ENDINGS,
        ),
        stable(
            "kube_pod_status_ready",
            "Whether the Pod can serve; 1 for the status of its Ready condition.",
            condition("Ready"),
            "condition",
            shape=Shape.ENDINGS,
        ),
        alpha("kube_pod_status_ready_time", "When the Pod became ready, in Unix seconds.", since("Ready", "True")),
        alpha(
            "kube_pod_status_initialized_time",
            "When the Pod's init containers were done, in Unix seconds.",
            since("Initialized", "True"),
        ),
        alpha(
            "kube_pod_status_container_ready_time",
            "When all containers of the Pod became ready, in Unix seconds.",
            since("ContainersReady", "True"),
        ),
        alpha("kube_pod_status_reason", "Why the Pod is as it is, where that is told.", reasons, "reason"),
        alpha(
            "kube_pod_status_disruption_reason",
            "Why the Pod is being disrupted.",
            Shared(conditions, disruptions),
            "reason",
        ),
        stable(
            "kube_pod_status_scheduled",
            "Whether the Pod has a node; 1 for the status of its PodScheduled condition.",
            condition("PodScheduled"),
            "condition",
            shape=Shape.ENDINGS,
        ),
        stable(
            "kube_pod_status_scheduled_time",
            "When the Pod was given a node, in Unix seconds.",
            since("PodScheduled", "True"),
        ),
        stable(
            "kube_pod_status_unschedulable", "1 while no node is found for the Pod.", Shared(conditions, unschedulable)
        ),
        alpha(
            "kube_pod_status_unscheduled_time",
            "Since when no node is found for the Pod, in Unix seconds.",
            since("PodScheduled", "False"),
        ),
        alpha(
            "kube_pod_tolerations",
            "Taints that the Pod tolerates.",
            tolerations,
            *TOLERATION,
            shape=Shape.ENDINGS,
        ),
        alpha(
            "kube_pod_nodeselectors",
            "Node labels that the Pod asks for, renamed to fit Prometheus.",
            lambda p: p.spec.node_selector or {},
            prefix="nodeselector",
            opt_in=True,
        ),
        alpha(
            "kube_pod_service_account",
            "Service account that the Pod runs as.",
            lambda p: (p.spec.service_account_name,),
            "service_account",
            shape=Shape.ROW,
        ),
        alpha(
            "kube_pod_scheduler",
            "Scheduler that places the Pod.",
            lambda p: (p.spec.scheduler_name,),
            "name",
            shape=Shape.ROW,
        ),
    ),
)
