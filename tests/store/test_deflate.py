"""Segments join into one gzip member."""

import gzip
import zlib

import pytest

from shardex.store.deflate import HEADER, Deflater, crc32, crc32_combine, inflate, trailer

TEXTS = [b"a", b"kube_pod_info{} 1\n" * 500, "ümläut\n".encode() * 3, b"\x00" * 70_000]


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 2, 1, 0], [1, 1, 1], []], ids=str)
def test_any_sequence_of_segments_is_one_member(order):
    """Segments in any order, closed by the trailer, are one member to zlib, with their texts in that order."""
    deflater = Deflater()
    made = [deflater.segment(text) for text in TEXTS]
    crc = size = 0
    out = HEADER
    for index in order:
        out += made[index]
        crc = crc32_combine(crc, crc32(TEXTS[index]), len(TEXTS[index]))
        size += len(TEXTS[index])
    out += trailer(crc, size)
    reader = zlib.decompressobj(31)
    assert reader.decompress(out) == b"".join(TEXTS[index] for index in order)
    assert reader.eof
    assert reader.unused_data == b""
    assert gzip.decompress(out) == b"".join(TEXTS[index] for index in order)
    assert inflate([made[index] for index in order], size) == gzip.decompress(out)


@pytest.mark.parametrize("text", TEXTS, ids=len)
def test_a_segment_inflates_on_its_own(text):
    """What a segment was made of comes back, whatever was deflated before it."""
    deflater = Deflater()
    deflater.segment(b"something else that must not be looked back at" * 99)
    assert inflate([memoryview(deflater.segment(text))], len(text)) == text
