"""The StatefulSet's controller and the kubelets in one: pods follow the replicas, the status follows the pods."""

import time
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from load.reshard.api import NAME, NAMESPACE, Api
from load.reshard.background import Background
from load.reshard.pods import Pod, command

_LOOK_SECONDS = 0.1
_PROBE_SECONDS = 0.5  # periodSeconds has whole seconds; half of one makes a run shorter and changes nothing else


class Controller(Background):
    """Runs the pods from `with` to its end; `pods` by ordinal, those that end included.

    pre_stop  seconds that a preStop hook sleeps
    restarts  pods that ended by themselves and were started again, as a kubelet does
    """

    def __init__(self, api: Api, flags: Sequence[str], folder: Path, pre_stop: float = 0.0) -> None:
        super().__init__(partial(self._guarded, self._turn), partial(self._guarded, self._probe))
        self._api, self._flags, self._folder, self._pre_stop = api, flags, folder, pre_stop
        self.pods: dict[int, Pod] = {}
        self.restarts = 0
        self.fault = ""
        self._probed = 0.0

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        for pod in self.pods.values():
            pod.stop()
        for pod in self.pods.values():
            pod.end()

    def _guarded(self, body: Callable[[], None]) -> None:
        try:
            while not self._stop.wait(_LOOK_SECONDS):
                try:
                    body()
                except OSError:  # the API server is away
                    continue
        except BaseException:
            self.fault = traceback.format_exc()
            raise

    def _turn(self) -> None:
        document = self._api.stateful_set()
        meta, wanted = document["metadata"], document["spec"]["replicas"]
        for ordinal in range(wanted):
            pod = self.pods.get(ordinal)
            if pod is None:
                self._start(ordinal, meta["uid"])
            elif pod.ended and not pod.stopping:
                self.restarts += 1
                self._run(ordinal)
            elif pod.ended:  # deleted for a rollout
                self._run(ordinal)
            elif pod.stopping:
                pod.stop(self._pre_stop)
        for ordinal in sorted((n for n in self.pods if n >= wanted), reverse=True):
            pod = self.pods[ordinal]
            pod.stop(self._pre_stop)
            if pod.ended:
                self._api.delete_pod(pod.name)
                del self.pods[ordinal]
        staying = sum(not pod.stopping for pod in self.pods.values())
        status = {
            "replicas": len(self.pods),
            "readyReplicas": sum(pod.ready for pod in self.pods.values()),
            "currentReplicas": staying,
            "updatedReplicas": staying,
            "currentRevision": NAME,
            "updateRevision": NAME,
            "observedGeneration": meta.get("generation", 0),
        }
        if {key: (document.get("status") or {}).get(key) for key in status} != status:
            self._api.patch({"status": status}, "/status")

    def _start(self, ordinal: int, owner: str) -> None:
        self._api.create_pod(f"{NAME}-{ordinal}", owner)
        self._run(ordinal)

    def _run(self, ordinal: int) -> None:
        name = f"{NAME}-{ordinal}"
        self.pods[ordinal] = Pod(name, ordinal, command(self._api.url, name, NAMESPACE, self._flags), self._folder)

    def _probe(self) -> None:
        if time.monotonic() - self._probed < _PROBE_SECONDS:
            return
        self._probed = time.monotonic()
        for pod in list(self.pods.values()):
            if not pod.ended:
                pod.probe()
            else:
                pod.ready = False
