"""A few kilobytes that one process writes and all others read, whole or not at all."""

import mmap
import struct
from zlib import crc32

_HEAD = struct.Struct("<QQ")  # length and CRC-32 of what follows
_BYTES = 64 << 10
_TRIES = 1000  # a read that meets a write is tried again; the write takes microseconds


class Notice:
    """Made before the first fork; empty until something is posted.

    There is no lock that a process could take with it when it dies: what does not fit its checksum is read again.
    """

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _BYTES)

    def post(self, data: bytes) -> None:
        """Replace what stands there.

        raise  ValueError when it is too long
        """
        if _HEAD.size + len(data) > _BYTES:
            raise ValueError(f"a notice has at most {_BYTES - _HEAD.size} bytes, not {len(data)}")
        self._memory[: _HEAD.size + len(data)] = _HEAD.pack(len(data), crc32(data)) + data

    def read(self) -> bytes:
        """What was posted last; empty when nothing was, or when its writer died in the middle of it."""
        for _ in range(_TRIES):
            length, crc = _HEAD.unpack_from(self._memory)
            data = self._memory[_HEAD.size : min(_BYTES, _HEAD.size + length)]
            if crc32(data) == crc:
                return data
        return b""
