"""What a process tree runs, and what becomes of new settings while it runs: on SIGHUP, or when a file changed."""

import logging
import time
from collections.abc import Callable, Mapping

import msgspec

from shardex.custom.config import CustomConfig
from shardex.errors import ShardexError
from shardex.kube.endpoint import Endpoint
from shardex.options import Options
from shardex.workers.notice import Notice
from shardex.workers.plan import KindPlan
from shardex.workers.watching import File, State, Watch, files, look

log = logging.getLogger(__name__)

# What the front and the supervisor were started with: a reload leaves it as it is.
FIXED = (
    "workers", "shard", "total_shards", "pod", "pod_namespace", "reshard_timeout", "reshard_overlap", "host", "port",
    "telemetry_host", "telemetry_port", "tls_config", "auth_filter", "ready_file", "enable_gzip_encoding",
    "serve_partial", "stale_segments_ttl", "server_read_timeout", "server_read_header_timeout", "server_write_timeout",
    "server_idle_timeout", "log_format", "v", "drain_timeout",
)  # fmt: skip


class Setup(msgspec.Struct, frozen=True):
    """What a process tree runs; a reload makes a new one."""

    options: Options
    plan: tuple[KindPlan, ...]
    endpoint: Endpoint
    custom: CustomConfig = CustomConfig()


class Settings:
    """The setup in effect, and the files that the next one would come from.

    setup    in effect
    again    makes a new one, or raises with what is wrong
    notice   where the state of the files is posted
    before   the files from before `setup` was read from them; None when that is as they are now
    """

    def __init__(
        self, setup: Setup, again: Callable[[], Setup], notice: Notice, before: Mapping[File, State] | None
    ) -> None:
        self.setup = setup
        self._again = again
        self._watch = Watch(notice, look(files(setup.options)) if before is None else before, time.time())
        self._refusal = ""

    def due(self, now: float) -> bool:
        """Whether to renew them because of a file."""
        return self._watch.due(now)

    def renewed(self, now: float, asked: bool) -> bool:
        """Whether there is something new to run; what is wrong with the present settings is logged and changes nothing.

        now    monotonic seconds
        asked  by somebody, not by a file: then the same is new too, and a fault that was told before is told again
        """
        self._watch.trying()
        try:
            fresh = self._again()
        except (ShardexError, OSError) as error:
            self._watch.refused(now)
            if asked or str(error) != self._refusal:
                log.error("reload refused, the old settings stay: %s", error)  # noqa: TRY400  a traceback says no more
            self._refusal = str(error)
            return False
        self._watch.taken(fresh.options, time.time())
        self._refusal = ""
        before, self.setup = self.setup, _fitting(fresh, self.setup.options)
        # The plan follows from the rest. Another comment in a file is no reason to list the whole cluster again.
        if asked or msgspec.structs.replace(self.setup, plan=before.plan) != before:
            return True
        log.info("the settings that can change in a running process are the same as before")
        return False


def _fitting(fresh: Setup, then: Options) -> Setup:
    """The new setup with what cannot change in a running tree as it was."""
    fixed = {name: getattr(then, name) for name in FIXED}
    late = [name.replace("_", "-") for name, value in fixed.items() if getattr(fresh.options, name) != value]
    if not late:
        return fresh
    log.warning("reload: these take effect with the next start only: --%s", ", --".join(late))
    return msgspec.structs.replace(fresh, options=msgspec.structs.replace(fresh.options, **fixed))
