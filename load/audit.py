"""The audit log: who asked for what, and how it ended."""

import time
from collections import deque
from typing import Any

from aiohttp import web

from load.target import Target

_ENTRIES = 20_000


class Audit:
    """The last requests, oldest first; one that is still being answered has not `ended`."""

    def __init__(self) -> None:
        self.entries: deque[dict[str, Any]] = deque(maxlen=_ENTRIES)

    def begin(self, request: web.BaseRequest, verb: str, aim: Target | None) -> dict[str, Any]:
        """The entry of a request, to be completed."""
        entry = {
            "time": time.time(),
            "verb": {"stream": "watch", "continue": "list"}.get(verb, verb),
            "path": request.path,
            "query": dict(request.query),
            "resource": aim.plural if aim else "",
            "namespace": aim.namespace if aim else "",
            "user_agent": request.headers.get("User-Agent", ""),
            "accept": request.headers.get("Accept", ""),
            "status": 0,
            "seconds": None,
            "ended": False,
        }
        self.entries.append(entry)
        return entry

    @staticmethod
    def end(entry: dict[str, Any], status: int | None) -> None:
        """Complete an entry; without a status the connection was gone before the answer was whole."""
        if status is not None:
            entry["status"] = status
        entry["seconds"] = round(time.time() - entry["time"], 3)
        entry["ended"] = True
