"""The pace at which a world changes."""

import asyncio
from collections.abc import Iterator
from itertools import islice

from load.objects.world import World
from load.profiles import PROFILES

_TICKS = 20  # a second: some changes share a wake-up of every watch, yet none comes later than 50 ms


class Churn:
    """Changes at a pace.

    rate     changes a second; 0 for none
    changes  made so far
    """

    def __init__(self, world: World | None, profile: str = "steady", rate: float = 0.0) -> None:
        self._world = world
        self.profile, self.rate, self.changes = profile, rate, 0
        self._steps: Iterator[None] = iter(())
        self.change(profile, None)

    def change(self, profile: str | None, rate: float | None) -> None:
        """Go on with another profile or at another rate; raise ValueError for an unknown or impossible one."""
        if rate is not None and rate < 0:
            raise ValueError(f"a rate below zero: {rate}")
        if profile is not None and profile not in PROFILES:
            raise ValueError(f"no such profile: {profile}; there are {', '.join(PROFILES)}")
        if rate and self._world is None:
            raise ValueError("recorded objects do not change by themselves")
        self.rate = self.rate if rate is None else rate
        if profile is not None and self._world is not None:
            self.profile, self._steps = profile, PROFILES[profile](self._world)

    def advance(self, changes: int) -> None:
        """Make changes now."""
        if self._world is None:
            return
        passed = 1 / (self.rate or 100.0)
        for _ in islice(self._steps, changes):
            self._world.now += passed
            self.changes += 1

    async def run(self) -> None:
        """Make changes for ever, as many as the rate asks for."""
        clock = asyncio.get_running_loop().time
        last, owed = clock(), 0.0
        while True:
            await asyncio.sleep(1 / _TICKS)
            now = clock()
            owed = min(owed + self.rate * (now - last), max(self.rate, 1.0))  # after a stall, not all of it at once
            last = now
            self.advance(int(owed))
            owed -= int(owed)
