"""A notice is read whole, by whoever sees the memory, or not at all."""

import multiprocessing

import pytest

from shardex.workers.notice import Notice


def test_it_begins_empty():
    """Nothing posted is nothing read."""
    assert Notice().read() == b""


@pytest.mark.parametrize("data", [b"one", b"", b"\0" * 60_000])
def test_what_is_posted_is_read(data):
    """Longer and shorter ones replace each other."""
    notice = Notice()
    for each in (b"a longer one that stood there before", data):
        notice.post(each)
        assert notice.read() == each


def test_too_much_is_refused():
    """It says so instead of losing the end; what stood there stays."""
    notice = Notice()
    notice.post(b"old")
    with pytest.raises(ValueError, match="at most 65520 bytes, not 65521"):
        notice.post(b"x" * 65521)
    assert notice.read() == b"old"


def test_another_process_reads_whole_ones_only():
    """Whatever is read while another process writes is one of what it wrote."""
    notice = Notice()
    context = multiprocessing.get_context("fork")
    writer = context.Process(target=_write, args=(notice,))
    writer.start()
    seen = set()
    while writer.is_alive():
        seen.add(notice.read())
    writer.join()
    assert writer.exitcode == 0
    assert {(data[:1], len(data)) for data in seen} <= {(b"a", 9000), (b"b", 20_000), (b"", 0)}
    assert notice.read() == b"b" * 20_000


def _write(notice):
    for _ in range(3000):
        notice.post(b"a" * 9000)
        notice.post(b"b" * 20_000)


def test_a_writer_that_died_halfway():
    """What is left of a notice is none."""
    notice = Notice()
    notice.post(b"whole")
    notice._memory[16:18] = b"xx"
    assert notice.read() == b""
