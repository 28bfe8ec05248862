"""The front's pages over one worker in a thread, asked as a WSGI server asks."""

import contextlib

from published import thing, workers

from shardex.options import parse
from shardex.resources import RESOURCES
from shardex.serving.doors import Doors
from shardex.serving.upstream import Upstream
from shardex.serving.wsgi import Front

TELEMETRY = 8081


class Asked:
    """A front behind its doors.

    web     --tls-config as it is now
    tokens  the lock of --auth-filter
    """

    def __init__(self, board, worker, web=None, tokens=None, **given):
        flags = {flag.replace("_", "-"): text for flag, text in given.items()}
        self.worker, self.board = worker, board
        self.options = parse(flags, RESOURCES, lambda: 1)
        self.upstream = Upstream(board, [worker.front_end], self.options.stale_segments_ttl, answer_seconds=0.2)
        self.front = Front(self.upstream, self.options, TELEMETRY)
        self.app = Doors(self.front, web, tokens, self.front.refused)

    def __call__(self, path, headers=None, method="GET", port=8080, sock=None):
        environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in (headers or {}).items()}
        environ |= dict(zip(("PATH_INFO", "QUERY_STRING"), (*path.split("?", 1), "")[:2], strict=True))
        environ |= {"REQUEST_METHOD": method, "SERVER_PORT": str(port), "gunicorn.socket": sock}
        started = []
        body = self.app(environ, lambda *answer: started.append(answer))
        data = b"".join(body)
        getattr(body, "close", lambda: None)()
        ((status, headers),) = started
        return status, dict(headers), data


@contextlib.contextmanager
def asking(**more):
    """A front over a worker that has listed one object."""
    with workers() as (board, (worker,)):
        worker.start().store.add(thing("a", 1))
        board.sync(0, synced=True)
        yield Asked(board, worker, **more)
