"""shardex with other bodies in its processes, for what the real ones never do: python tests/supervised.py BODY FLAG...

Three deaths are a crash loop here, and whoever was ready for a moment was healthy. The body "impatient" is the real
one, under a supervisor that waits four seconds for a sign of life instead of thirty.
"""

import logging
import os
import signal
import subprocess
import sys
import time

from shardex import logs
from shardex.options import parse
from shardex.resources import RESOURCES
from shardex.run import setup
from shardex.serving.gunicorn_conf import serve
from shardex.serving.sockets import listen
from shardex.workers import worker
from shardex.workers.state import Patience
from shardex.workers.supervisor import Supervisor

PATIENCE = Patience(healthy=0.0, loop=3)
IMPATIENCE = Patience(silence=4.0, traceback=2.0, healthy=0.0, loop=3)


def crashing(assignment, end, board):
    """Dies at once."""
    os._exit(7)


def raising(assignment, end, board):
    """Dies of an exception."""
    raise RuntimeError("nothing works here")


def stubborn(assignment, end, board):
    """Is ready, and does not hear that it is to end."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    board.sync(assignment.worker, synced=True)
    while True:
        board.beat(assignment.worker, time.monotonic_ns())
        time.sleep(0.1)


def breeding(assignment, end, board):
    """Leaves behind a process that somebody else has to bury."""
    subprocess.run(["sh", "-c", "sleep 0.2 & echo orphan $! >&2"], check=True)
    worker.run(assignment, end, board)


def bad_front(options, endpoint, listeners, board, ends):
    """Cannot boot, as gunicorn says it."""
    sys.exit(3)


WORKERS = {"crashing": crashing, "raising": raising, "stubborn": stubborn, "breeding": breeding}


def main(body, *flags):
    given = dict(flag.removeprefix("--").split("=", 1) for flag in flags)
    options = parse(given, RESOURCES, lambda: 1)
    logs.set_up(options.log_format, options.v)
    listeners = [listen("port", options.host, 0), listen("telemetry-port", options.telemetry_host, 0)]
    ports = [listener.getsockname()[1] for listener in listeners]
    logging.getLogger("supervised").info("metrics on port %d, telemetry and /readyz on port %d", *ports)
    front = bad_front if body == "bad-front" else serve
    first = setup(options)
    return Supervisor(
        first,
        front=lambda board, ends: front(options, first.endpoint, listeners, board, ends),
        listeners=listeners,
        again=lambda: setup(options),
        log_up=lambda shard: logs.set_up(options.log_format, options.v, shard),
        work=WORKERS.get(body, worker.run),
        patience=IMPATIENCE if body == "impatient" else PATIENCE,
    ).run()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
