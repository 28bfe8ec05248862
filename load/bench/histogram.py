"""Durations -> percentiles."""

import math
from collections import Counter
from collections.abc import Iterable

_GRAINS = 10_000  # a second: a tenth of a millisecond is less than two scrapes of the same state differ


class Histogram:
    """Durations in seconds, as counts of tenths of a millisecond: those of several scrapers add up."""

    def __init__(self, durations: Iterable[float] = ()) -> None:
        self.counts: Counter[int] = Counter()
        for seconds in durations:
            self.add(seconds)

    def __len__(self) -> int:
        return self.counts.total()

    def add(self, seconds: float) -> None:
        self.counts[round(seconds * _GRAINS)] += 1

    def percentile(self, share: float) -> float:
        """The least duration that `share` of all do not exceed: always one that was measured (nearest rank).

        share  0 < share <= 1; 1 is the maximum
        raise  ValueError without durations
        """
        rank = math.ceil(share * len(self))
        for grain in sorted(self.counts):
            rank -= self.counts[grain]
            if rank <= 0:
                return grain / _GRAINS
        raise ValueError("no durations")
