"""The memory of all pods, looked at while the steps go on."""

from collections.abc import Callable

from load.reshard.background import Background
from load.reshard.pods import Pod


class Memory(Background):
    """The most memory and the most bytes held aside since it was last asked, looked at once a second."""

    def __init__(self, pods: Callable[[], dict[int, Pod]]) -> None:
        super().__init__(self._run)
        self._pods = pods
        self.now = self.peak = self.aside = 0

    def begin(self) -> int:
        """Bytes of now; from here on the most is counted anew."""
        self.peak, self.aside = self.now, 0
        return self.now

    def _run(self) -> None:
        while not self._stop.wait(1.0):
            pods = list(self._pods().values())
            self.now = sum(pod.pss() for pod in pods)
            self.peak = max(self.peak, self.now)
            held = [int(pod.telemetry().get("shardex_preparation_bytes", 0)) for pod in pods]
            self.aside = max([self.aside, *held])
