"""Pods: their own facts, and their objects."""

import hashlib

import msgspec

from load.objects.app import App, Role
from load.objects.names import stamp
from load.objects.nodes import Node
from load.objects.pod_document import STARTED, State, document
from load.text import Object, Pattern


class Owner(msgspec.Struct, frozen=True, gc=False):
    """What the pods of one workload's revision share, encoded once.

    labels      JSON object; a StatefulSet's pods each have their own
    references  JSON list: the controlling owner
    """

    namespace: str
    generate: str
    labels: bytes
    references: bytes
    tag: bytes
    digest: bytes


class Pod(msgspec.Struct, frozen=True, gc=False):
    """One pod's own facts; times in Unix seconds, `changed` when it came into its state.

    number  decides its address
    """

    name: str
    uid: str
    app: App
    owner: Owner
    number: int
    state: State
    node: Node | None
    created: float
    changed: float
    restarts: int = 0

    @property
    def key(self) -> str:
        return f"{self.owner.namespace}/{self.name}"

    def on(self, node: Node | None) -> "Pod":
        return msgspec.structs.replace(self, node=node)

    @property
    def ready(self) -> bool:
        return self.state is State.RUNNING


class Pods:
    """Patterns of every application and state met so far, and pods rendered with them."""

    def __init__(self) -> None:
        self._patterns: dict[tuple[int, State], Pattern] = {}

    def pattern(self, app: App, state: State) -> Pattern:
        found = self._patterns.get((app.index, state))
        if found is None:
            found = self._patterns[app.index, state] = Pattern(document(app, state))
        return found

    def render(self, pod: Pod) -> Object:
        owner, node = pod.owner, pod.node
        # Container ids change with every restart and are never looked up, so that they need not be kept.
        ids = hashlib.blake2b(b"%d/%d" % (pod.number, pod.restarts)).hexdigest().encode()
        created, changed = stamp(pod.created).encode(), stamp(pod.changed).encode()
        name = pod.name.encode()
        values = {
            "name": name,
            "generate": owner.generate.encode(),
            "namespace": owner.namespace.encode(),
            "uid": pod.uid.encode(),
            "created": created,
            "changed": changed,
            "started": changed if pod.state in STARTED else created,
            "labels": _labels(pod),
            "references": owner.references,
            "tag": owner.tag,
            "digest": owner.digest,
            "token": name[-5:],
            "claim": b"data-" + name,
            "node": node.name_text if node else b"",
            "node_ip": node.address_text if node else b"",
            "ip": b"10.%d.%d.%d" % (64 + (pod.number >> 16 & 63), pod.number >> 8 & 255, pod.number & 255),
            "id0": ids[:64],
            "id1": ids[64:],
            "id2": ids[32:96],
            "before": ids[16:80],
            "restarts": b"%d" % pod.restarts,
            "last": _last(created, changed) if pod.restarts else b"{}",
            "grace": b"30",
        }
        return self.pattern(pod.app, pod.state).fill(pod.key, 0, values, node.name if node else "")


def _labels(pod: Pod) -> bytes:
    if pod.app.role is not Role.STATEFUL_SET:
        return pod.owner.labels
    own = {"statefulset.kubernetes.io/pod-name": pod.name, "apps.kubernetes.io/pod-index": pod.name.rpartition("-")[2]}
    return pod.owner.labels[:-1] + b"," + msgspec.json.encode(own)[1:]


def _last(created: bytes, changed: bytes) -> bytes:
    return (
        b'{"terminated":{"exitCode":137,"reason":"OOMKilled","startedAt":"%s","finishedAt":"%s",'
        b'"containerID":"containerd://%s"}}' % (created, changed, b"0" * 64)
    )
