"""Log lines: set up once a process, each with the shard it speaks of."""

import json
import logging
import sys
import time
from typing import ClassVar


class _Utc(logging.Formatter):
    @staticmethod
    def converter(seconds: float | None) -> time.struct_time:
        return time.gmtime(seconds)


class _Text(_Utc):
    """2026-11-22T15:13:20.123Z INFO  [0.1] shardex.kube.notes: pods: synced"""

    def __init__(self, shard: str) -> None:
        where = f" [{shard}]" if shard else ""
        super().__init__(f"%(asctime)s.%(msecs)03dZ %(levelname)-5s{where} %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")


class _Json(_Utc):
    _levels: ClassVar[dict[str, str]] = {"WARNING": "warn"}

    def __init__(self, shard: str) -> None:
        super().__init__()
        self._shard = shard

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "ts": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{int(record.msecs):03d}Z",
            "level": self._levels.get(record.levelname, record.levelname.lower()),
            "logger": record.name,
            "msg": record.getMessage(),
        }
        if self._shard:
            line["shard"] = self._shard
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def set_up(form: str, verbosity: int, shard: str = "") -> None:
    """Log to stderr.

    form       text or json
    verbosity  of -v; 4 and more shows debug lines, as the peer's users expect
    shard      ordinal that every line carries: "0.1" for worker 1 of pod 0; "" for the supervisor
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json(shard) if form == "json" else _Text(shard))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG if verbosity >= 4 else logging.INFO)
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    logging.addLevelName(logging.WARNING, "WARN")
