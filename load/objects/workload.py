"""A workload: what runs an application in one namespace."""

import msgspec

from load.objects.app import App
from load.objects.pod_document import ACTIVE, State
from load.objects.pods import Owner, Pod


class Workload:
    """What runs an application in one namespace, with the pods it has.

    revision  counts the pod templates it has had
    hashes    pod-template-hash and uid of its ReplicaSets, newest first
    owner     of the pods it makes now
    """

    def __init__(self, app: App, namespace: str, name: str, uid: str, created: float) -> None:
        self.app, self.namespace, self.name, self.uid, self.created = app, namespace, name, uid, created
        self.replicas = 0
        self.revision = 1
        self.updated = created
        self.hashes: list[tuple[str, str]] = []
        self.pods: list[Pod] = []
        self.owner: Owner | None = None

    @property
    def key(self) -> str:
        return f"{self.namespace}/{self.name}"

    def tag(self, revision: int) -> str:
        return f"v{1 + self.app.index % 4}.{revision}.{self.app.index % 10}"

    def labels(self) -> dict[str, str]:
        return {"app.kubernetes.io/name": self.app.name, "app.kubernetes.io/instance": self.name, "team": self.app.team}

    def hire(self, kind: str, name: str, uid: str, digest: str, **more: str) -> Owner:
        """Make an object of this kind, name and uid the owner of pods from now on."""
        version = "batch/v1" if kind == "Job" else "apps/v1"
        reference = {"apiVersion": version, "kind": kind, "name": name, "uid": uid}
        reference |= {"controller": True, "blockOwnerDeletion": True}  # type: ignore[dict-item]
        self.owner = Owner(
            namespace=self.namespace,
            generate=f"{name}-",
            labels=msgspec.json.encode({**self.labels(), **more}),
            references=msgspec.json.encode([reference]),
            tag=self.tag(self.revision).encode(),
            digest=digest.encode(),
        )
        return self.owner

    def counts(self, owner: Owner | None = None) -> tuple[int, int]:
        """Pods that count towards the replicas, and how many are ready; of one owner if given."""
        pods = [pod for pod in self.pods if pod.state in ACTIVE and pod.state is not State.TERMINATING]
        if owner is not None:
            pods = [pod for pod in pods if pod.owner is owner]
        return len(pods), sum(pod.ready for pod in pods)
