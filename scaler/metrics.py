"""The scaler's own /metrics: what it found and decided, for those who would rather act on it themselves."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

from scaler.decide import Decision
from scaler.observation import Reason
from scaler.recommend import Recommendation


class Metrics:
    """One registry."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self._rows: list[tuple[str, str, tuple[str, ...], str]] = []
        self.leading = self._gauge("leading", "Whether this replica holds the Lease and decides.")
        self._recommended = self._gauge("recommended_shards", "Shards that are needed, within the bounds.")
        self._upper = self._gauge(
            "recommended_shards_upper", "The same with the dead band on top: a set that has more may shrink to it."
        )
        self._current = self._gauge("current_shards", "Replicas of the StatefulSet.")
        self._constraint = self._gauge(
            "constraint_shards", "Shards that a limit asks for; NaN when no number is enough.", "constraint"
        )
        self._usage = self._gauge(
            "constraint_usage_ratio", "What a pod takes now of what a limit allows.", "constraint"
        )
        self._confidence = self._gauge(
            "constraint_confidence_ratio", "One less the relative standard deviation.", "constraint"
        )
        self._memory = self._gauge("predicted_memory_bytes", "Of a pod with the recommended shards.", "phase")
        self._objects = self._gauge("objects", "Objects in the cluster, of the kinds that are exported.")
        self._complete = self._gauge("inputs_complete", "Whether everything was known; else nothing is done.")
        self._last = self._gauge("last_change_timestamp_seconds", "Unix time of the last change.")
        decisions = ("shardex_scaler_decision_total", "Turns by what was decided.", ("reason",))
        self._decisions = Counter(*decisions, registry=self.registry)
        for reason in Reason:
            self._decisions.labels(reason)
        turns = ("shardex_scaler_turn_seconds", "Time of a turn, without a change.", ())
        self._seconds = Histogram(*turns, registry=self.registry)
        for type, (name, help, labels) in (("counter", decisions), ("histogram", turns)):
            self._rows.append((name, type, labels, help))

    def described(self) -> list[tuple[str, str, tuple[str, ...], str]]:
        """(name, type, labels, help) of each."""
        return self._rows

    def _gauge(self, name: str, help: str, *labels: str) -> Gauge:
        self._rows.append((f"shardex_scaler_{name}", "gauge", labels, help))
        return Gauge(f"shardex_scaler_{name}", help, labels, registry=self.registry)

    def found(self, recommendation: Recommendation, seconds: float) -> None:
        """After a recommendation; one with faults leaves the numbers as they were and says that it is not complete."""
        self._seconds.observe(seconds)
        self._complete.set(not recommendation.faults)
        self._current.set(recommendation.current)
        if recommendation.faults:
            return
        self._recommended.set(recommendation.shards)
        self._upper.set(recommendation.upper)
        self._objects.set(recommendation.objects)
        self._memory.labels("steady").set(recommendation.memory_bytes)
        self._memory.labels("start").set(recommendation.peak_bytes)
        for bound in recommendation.bounds:
            self._constraint.labels(bound.name).set(float("nan") if bound.shards is None else bound.shards)
            self._usage.labels(bound.name).set(bound.now / bound.allowed)
            self._confidence.labels(bound.name).set(bound.confidence)

    def decided(self, decision: Decision) -> None:
        self._decisions.labels(decision.reason).inc()

    def changed(self, at: float) -> None:
        self._last.set(at)
