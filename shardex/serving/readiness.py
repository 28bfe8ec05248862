"""Whether the pod is ready: the one answer that /readyz gives and --ready-file shows."""

import threading
import time

from shardex.serving.upstream import Missing, Upstream
from shardex.workers.board import Phase
from shardex.workers.shardset import ShardSet
from shardex.workers.share import share_of

_POST_SECONDS = 1.0


class Readiness:
    """Of the pod as its front knows it.

    shard_set  says why the share is not known; None where the number of shards never changes
    """

    def __init__(self, upstream: Upstream, shard_set: ShardSet | None) -> None:
        self._upstream = upstream
        self._shard_set = shard_set

    def __call__(self) -> tuple[bool, str]:
        """The answer, and its reason for people."""
        board = self._upstream.board
        rows = [board[worker] for worker in range(board.workers)]
        share = share_of(board.share)
        if share is None:
            return False, f"what to serve is not known: {self._shard_set.fault if self._shard_set else 'no shard'}\n"
        # Whoever is ready is counted on: a shard that is yet to be served must have all that it will show.
        if share.serving <= share.shard < share.preparing and any(row.holds != share.word for row in rows):
            return False, f"listing what shard {share.shard} has of {share.preparing}, which is not served yet\n"
        if all(row.synced for row in rows):
            return True, "ok\n"
        failed = [str(worker) for worker, row in enumerate(rows) if row.phase is Phase.FAILED]
        if failed:  # its last state may still be served, but nothing says that it will come back
            return False, f"died again and again: worker {', '.join(failed)}\n"
        self._upstream.refresh(fold=False)
        missing = self._upstream.missing()
        if missing:
            return False, said(missing)
        stale = any(line.stale() for line in self._upstream.lines)
        return True, "ok, with the last state of a worker that is away\n" if stale else "ok\n"

    def post(self, stop: threading.Event) -> None:
        """Keep the board told, about once a second, until stopped."""
        board = self._upstream.board
        while not stop.wait(_POST_SECONDS):
            ready, _ = self()
            board.ready_ns = time.monotonic_ns() if ready else 0


def said(missing: list[Missing]) -> str:
    """What is missing, for people."""
    lines = [f"worker {m.worker}: {kind}: {reason}" for m in missing for kind, reason in sorted(m.reasons.items())]
    return "not everything was listed yet:\n" + "".join(f"  {line}\n" for line in lines)
