"""Shared memory that one worker writes and the front reads, without a lock between the two processes.

The file is a sparse memfd, mapped once at its full virtual size; a page of it costs memory when it is first written.
Bytes once published stay as they are until no reader can look at them, so a reader needs no copy and a slow one holds
up nobody:

* every publication has a generation; the front says with each request which generation is the oldest it still sends
  from;
* an extent given back waits until that generation has passed the one that last showed it;
* an extent that no publication ever showed is free at once.

What a publication shows is given back by the publisher's thread alone, between two publications: so an extent is never
freed after it was put into a publication and before that got its generation.
"""

import mmap
import os
import threading
from bisect import bisect_left, insort
from collections import deque

_VIRTUAL = 16 << 30  # bytes of address space, not of memory; 200,000 pods need 0.3 GB of it
_GRAIN = 64  # bytes; extents are multiples of it, so that few sizes exist and a freed one fits the next


class Arena:
    """The writer's side; any thread of the worker may write and release.

    fd          the memfd; the front maps it read-only
    generation  of the last publication, 0 before the first
    """

    def __init__(self, name: str) -> None:
        self.fd = os.memfd_create(name, os.MFD_CLOEXEC)
        os.ftruncate(self.fd, _VIRTUAL)
        self._map = mmap.mmap(self.fd, _VIRTUAL)
        self._view = memoryview(self._map)
        self._lock = threading.Lock()  # two reflectors that compress a page each would take the same extent
        self._top = 0
        self._free: dict[int, list[int]] = {}
        self._sizes: list[int] = []
        self._unseen: set[int] = set()  # offsets written since the last publication
        self._waiting: deque[tuple[int, int, int]] = deque()  # (generation that last showed it, offset, size)
        self.generation = 0
        self.live_bytes = 0

    @property
    def reserved_bytes(self) -> int:
        """Memory that the arena holds: live extents, free ones and those that readers may still look at."""
        return self._top

    def write(self, data: bytes) -> int:
        """Offset of a copy of the data.

        raise  MemoryError when the virtual size is used up
        """
        size = _rounded(len(data))
        with self._lock:
            offset = self._reuse(size)
            if offset is None:
                if self._top + size > _VIRTUAL:
                    raise MemoryError(f"the arena holds {self._top} bytes and cannot take {size} more")
                offset = self._top
                self._top += size
            self._unseen.add(offset)
            self.live_bytes += size
        self._view[offset : offset + len(data)] = data
        return offset

    def read(self, offset: int, size: int) -> memoryview:
        return self._view[offset : offset + size]

    def release(self, offset: int, size: int) -> None:
        """Give an extent back; its bytes stay until no reader can look at them."""
        size = _rounded(size)
        with self._lock:
            self.live_bytes -= size
            if offset in self._unseen:
                self._unseen.discard(offset)
                self._put(offset, size)
            else:
                self._waiting.append((self.generation, offset, size))

    def publish(self, oldest: int) -> int:
        """Number of the publication that shows everything written so far.

        oldest  generation that the front still reads from; what only earlier ones showed is free now
        """
        with self._lock:
            while self._waiting and self._waiting[0][0] < oldest:
                self._put(*self._waiting.popleft()[1:])
            self._unseen.clear()
            self.generation += 1
            return self.generation

    def close(self) -> None:
        """Forget the memory here; readers that have mapped it keep it."""
        self._view.release()
        self._map.close()
        os.close(self.fd)

    def _put(self, offset: int, size: int) -> None:
        extents = self._free.get(size)
        if extents is None:
            self._free[size] = extents = []
            insort(self._sizes, size)
        extents.append(offset)

    def _reuse(self, size: int) -> int | None:
        """A free extent of this size, or the front of a larger one."""
        at = bisect_left(self._sizes, size)
        if at == len(self._sizes):
            return None
        found = self._sizes[at]
        extents = self._free[found]
        offset = extents.pop()
        if not extents:
            del self._free[found], self._sizes[at]
        if found > size:
            self._put(offset + size, found - size)
        return offset


def _rounded(size: int) -> int:
    return max(_GRAIN, (size + _GRAIN - 1) // _GRAIN * _GRAIN)
