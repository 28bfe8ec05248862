"""The board: what every process of the pod sees of every worker, without a lock."""

import multiprocessing
import os

import pytest

from shardex.workers.board import Board, Phase, Row


def test_it_begins_empty():
    """Before the first fork every worker is starting, and nothing else is known."""
    board = Board(2)
    assert board.workers == 2
    assert board[1] == Row(Phase.STARTING, 0, 0, 0, False, 0, 0, 0)


@pytest.mark.parametrize("phase", Phase)
def test_rows_do_not_touch_each_other(phase):
    """What is written of one worker is read of that one."""
    board = Board(3)
    board.lives(1, phase, 4711, 5, 4, 123)
    board.beat(1, 1 << 60)
    board.sync(1, synced=True)
    assert board[1] == Row(phase, 4711, 5, 1 << 60, True, 4, 123, 0)
    assert board[0] == board[2] == Row(Phase.STARTING, 0, 0, 0, False, 0, 0, 0)


def test_a_death_takes_the_sync_along():
    """The successor has listed nothing yet; how its predecessor ended stays readable."""
    board = Board(1)
    board.lives(0, Phase.READY, 7, 1, 0, 0)
    board.sync(0, synced=True)
    board.died(0, -9)
    assert (board[0].synced, board[0].exit_code, board[0].phase) == (False, -9, Phase.READY)
    board.lives(0, Phase.STARTING, 8, 2, 1, 5)
    assert (board[0].exit_code, board[0].incarnation, board[0].restarts) == (-9, 2, 1)


def test_no_workers():
    """A board needs a page of memory, however few the rows."""
    assert Board(0).workers == 0


def test_a_child_writes_what_the_parent_reads():
    """The memory is shared by fork, in both directions, and each word keeps its writer's last value."""
    board = Board(512)
    turns = 20_000

    def child():
        for turn in range(turns):
            board.beat(511, turn)
            if board[511].incarnation != 3:
                os._exit(1)
        board.sync(511, synced=True)

    board.lives(511, Phase.READY, 1, 3, 2, 0)
    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    seen = 0
    while process.is_alive():
        row = board[511]
        assert row.heartbeat_ns >= seen
        assert (row.phase, row.pid, row.restarts) == (Phase.READY, 1, 2)
        seen = row.heartbeat_ns
    process.join()
    assert process.exitcode == 0
    assert (board[511].heartbeat_ns, board[511].synced) == (turns - 1, True)
