"""When the next scrape comes, so that most of what changed is compressed before it asks; pure.

Scrapers come at fixed intervals, and several of them at intervals that repeat every few scrapes. Folding right before
each keeps its answer short, and still makes a segment anew once for all changes in it since the scrape before: folding
every second would keep answers as short for several times the CPU.
"""

from collections import deque
from itertools import pairwise, takewhile

_REPEATS = 6  # scrapes after which gaps repeat, at most: two scrapers of one interval, or one of 15 s and one of 60 s
_JITTER = 0.2  # of a gap; one predicted too early leaves a few changes to the scrape, too late all of them
_JITTER_SECONDS = 0.25
_SHORTEST_SECONDS = 1.0  # a gap that is worth looking ahead
_MARGIN_SECONDS = 0.05  # before the scrape: time for a last fold to end, and of changes that it is left with
_WORTH_SECONDS = 0.05  # of folding; less than that is left to the scrape


class Rhythm:
    """What is known of the scrapes' times, by any clock that only goes forward."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=2 * _REPEATS + 1)

    def came(self, now: float) -> None:
        """A scrape came."""
        self._times.append(now)

    def due(self) -> float | None:
        """When the next scrape comes at the earliest; None when the last ones show no rhythm, or it comes at once."""
        gaps = [after - before for before, after in pairwise(self._times)][::-1]
        # The cycle that has lasted longest, and not the shortest: 5, 10, 15, 15, 15 is no rhythm of 15.
        lasted, cycle = 0, 0
        for count in range(1, _REPEATS + 1):
            pairs = takewhile(_alike, zip(gaps, gaps[count:], strict=False))
            held = sum(1 for _ in pairs)
            if held >= count and held > lasted:
                lasted, cycle = held, count
        gap = min(gaps[cycle - 1], gaps[2 * cycle - 1]) if cycle else 0.0
        return self._times[-1] + gap if gap >= _SHORTEST_SECONDS else None

    def wait(self, now: float, seconds: float) -> float:
        """Seconds until looking again is worth while; 0 when folding should begin now.

        seconds  that folding would take now
        """
        due = self.due()
        if due is None or now >= due:
            return float("inf")
        # Twice the time: what changes meanwhile has to be folded too. It grows, so half of the rest is looked at again.
        slack = due - now - 2 * seconds - _MARGIN_SECONDS
        if slack > 0:
            return max(slack / 2, _MARGIN_SECONDS)
        return 0.0 if seconds >= _WORTH_SECONDS else float("inf")


def _alike(gaps: tuple[float, float]) -> bool:
    return abs(gaps[0] - gaps[1]) <= max(_JITTER * max(gaps), _JITTER_SECONDS)
