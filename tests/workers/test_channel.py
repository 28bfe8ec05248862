"""The channel: questions and answers of a few words, each whole, with the arena's file when it is new."""

import contextlib
import os

import pytest

from shardex.workers.channel import Reply, Request, answer, answered, ask, asked, pair


@pytest.fixture
def ends():
    front, worker = pair()
    with contextlib.closing(front), contextlib.closing(worker):
        yield front, worker


def test_a_question_and_its_answer(ends):
    """All 64 bits of every word arrive, and no file where none was sent."""
    front, worker = ends
    request = Request(1, 2, (1 << 64) - 1, 0)
    assert ask(front, request)
    assert asked(worker, 1.0) == request
    reply = Reply(1, 2, 3, 1 << 40, (1 << 64) - 1)
    answer(worker, reply, None)
    assert answered(front, 1.0) == (reply, None)


def test_a_file_comes_along(ends):
    """The front gets a descriptor of its own for the arena."""
    front, worker = ends
    memory = os.memfd_create("test")
    os.write(memory, b"segments")
    answer(worker, Reply(1, 2, 3, 4, 5), memory)
    os.close(memory)
    _, fd = answered(front, 1.0)
    assert os.pread(fd, 100, 0) == b"segments"
    os.close(fd)


def test_the_newest_question_counts(ends):
    """Whoever asked before and went away is not answered one by one."""
    front, worker = ends
    for number in range(5):
        ask(front, Request(number, 0, 0, 1))
    assert asked(worker, 1.0).id == 4
    assert asked(worker, 0.0) is None


def test_nothing_comes(ends):
    """None within the time, on both sides; no exception, no half of a message."""
    front, worker = ends
    assert asked(worker, 0.01) is None
    assert answered(front, 0.01) is None


def test_a_full_socket_does_not_block(ends):
    """A worker that reads nothing costs the front no time, and what it did take is readable afterwards."""
    front, worker = ends
    taken = 0
    while ask(front, Request(taken, 0, 0, 1)):
        taken += 1
    assert taken > 10
    assert asked(worker, 1.0).id == taken - 1
    assert ask(front, Request(taken, 0, 0, 1))


def test_a_closed_front_is_an_error(ends):
    """A worker that nobody can ask any more ends instead of turning in circles."""
    front, worker = ends
    front.close()
    with pytest.raises(BrokenPipeError):
        asked(worker, 1.0)
