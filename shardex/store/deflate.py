"""Segments of deflate that join into one gzip member, and their way back to text.

A segment is a run of whole, non-final deflate blocks that ends on a byte boundary and looks at nothing before it. So
any sequence of segments, closed by END, is one deflate stream; its CRC is the combination of theirs.

    member = HEADER · segment ... segment · END · crc32 of the text, 4 bytes · its length modulo 2**32, 4 bytes

source  RFC 1951 section 3.2.3 and RFC 1952 section 2.3; isal level 1 deflates this text at zlib 6's ratio and 10x its
        speed
"""

import struct
from collections.abc import Iterable

from isal import igzip_lib, isal_zlib

#: No name, no time, unknown operating system: the same text gives the same bytes.
HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
#: An empty final block with fixed codes, and the padding to the next byte.
END = b"\x03\x00"

crc32 = isal_zlib.crc32
crc32_combine = isal_zlib.crc32_combine


class Deflater:
    """Makes segments; one per thread, since it keeps the compressor's buffers."""

    def __init__(self) -> None:
        self._compressor = isal_zlib.compressobj(1, isal_zlib.DEFLATED, -15)

    def segment(self, text: bytes) -> bytes:
        """The text as one segment; never empty."""
        # A full flush ends on a byte boundary and forgets the history: the next segment stands on its own.
        return bytes(self._compressor.compress(text) + self._compressor.flush(isal_zlib.Z_FULL_FLUSH))


def inflate(segments: Iterable[bytes | memoryview], size: int) -> bytes:
    """The text of segments one after the other; size is its length in bytes."""
    joined = b"".join((*segments, END))
    return bytes(igzip_lib.decompress(joined, igzip_lib.DECOMP_DEFLATE, 15, max(size, 1)))


def trailer(crc: int, size: int) -> bytes:
    """What follows the last segment: END, CRC and length."""
    return END + struct.pack("<II", crc, size & 0xFFFFFFFF)
