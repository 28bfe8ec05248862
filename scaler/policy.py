"""Limits, bounds and windows: what a recommendation and a decision are held to."""

import msgspec


class Policy(msgspec.Struct, frozen=True):
    """Limits are of one pod, and 0 where there is none.

    memory_limit   bytes
    cpu_limit      cores
    scrape_seconds, scrape_bytes, scrape_samples   of one scrape
    headroom       part of each limit that is kept free
    dead_band      a set shrinks only if it would hold a cluster larger by this part
    workers        of a pod; 0 for as many as it has, or needs
    up_seconds, down_seconds   how long a wish must last
    """

    memory_limit: float = 0.0
    cpu_limit: float = 0.0
    scrape_seconds: float = 0.0
    scrape_bytes: float = 0.0
    scrape_samples: float = 0.0
    headroom: float = 0.2
    dead_band: float = 0.2
    workers: int = 0
    min_shards: int = 1
    max_shards: int = 32
    max_step: int = 4
    up_seconds: float = 60.0
    down_seconds: float = 1800.0
    changes_per_hour: int = 6
