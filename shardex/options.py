"""Every setting: its flag, form, default and reason; parsed and checked all at once.

The table is the only list: the command line, `--help` and docs/flags.md come from it. Names and defaults are
kube-state-metrics' own wherever it has the setting.
"""

import math
import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from shardex.errors import OptionsError

_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(h|ms|m|us|µs|ns|s)")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})


class Setting(msgspec.Struct, frozen=True):
    """One flag.

    flag     long name without the dashes
    form     string, bool, int, duration or list, as the value is written
    default  as text, in the same form
    group    heading in --help
    """

    flag: str
    form: str
    default: str
    group: str
    help: str

    @property
    def field(self) -> str:
        """Name of the setting in Options."""
        return self.flag.replace("-", "_")


CLUSTER, WHAT, SHARDING, SERVING, PROCESS = "Cluster", "What is exported", "Sharding", "Serving", "Process"

SETTINGS = (
    Setting("apiserver", "string", "", CLUSTER, "URL of the API server. Alone it needs no kubeconfig; http will do."),
    Setting("kubeconfig", "string", "", CLUSTER, "Path of a kubeconfig. Without it and --apiserver: in-cluster."),
    Setting(
        "use-apiserver-cache", "bool", "false", CLUSTER,
        "List from the API server's cache (resourceVersion=0) instead of etcd: cheaper, possibly a little old.",
    ),
    Setting("object-limit", "int", "0", CLUSTER, "Objects to list of each resource; 0 is all of them."),
    Setting("resources", "list", "", WHAT, "Resources to export, comma-separated plurals; empty is the default set."),
    Setting("namespaces", "list", "", WHAT, "Namespaces to export, each listed on its own; empty is all of them."),
    Setting(
        "namespaces-denylist", "list", "", WHAT,
        "Namespaces to leave out. With --namespaces too, what both name is left out.",
    ),
    Setting("shard", "int", "0", SHARDING, "Ordinal of this pod's share, from 0."),
    Setting("total-shards", "int", "1", SHARDING, "Shares that the objects are divided into; 1 is no sharding."),
    Setting(
        "workers", "int", "0", SHARDING,
        "Worker processes that divide this pod's share; 0 is one per CPU of the cgroup's quota, else per core.",
    ),
    Setting("host", "string", "::", SERVING, "Address of /metrics, /healthz and /livez."),
    Setting("port", "int", "8080", SERVING, "Port of /metrics, /healthz and /livez; 0 picks a free one."),
    Setting("telemetry-host", "string", "::", SERVING, "Address of shardex's own /metrics and of /readyz."),
    Setting("telemetry-port", "int", "8081", SERVING, "Port of shardex's own /metrics and of /readyz."),
    Setting(
        "enable-gzip-encoding", "bool", "true", SERVING,
        "Answer gzip to clients that accept it; the text is kept compressed, so this is the cheap way.",
    ),
    Setting(
        "serve-partial", "bool", "false", SERVING,
        "Answer 200 before everything was listed once, as kube-state-metrics does, instead of 503.",
    ),
    Setting(
        "stale-segments-ttl", "duration", "5m", SERVING,
        "How long the last state of a worker that died is served while it comes back; then 503.",
    ),
    Setting("server-read-timeout", "duration", "1m", SERVING, "Time to read a whole request."),
    Setting("server-read-header-timeout", "duration", "5s", SERVING, "Time to read the header of a request."),
    Setting("server-write-timeout", "duration", "1m", SERVING, "Time to write a whole response."),
    Setting("server-idle-timeout", "duration", "5m", SERVING, "Time a kept-alive connection may wait for a request."),
    Setting("check", "bool", "false", PROCESS, "Check flags, connection and rights, kind by kind; report and exit."),
    Setting("log-format", "string", "text", PROCESS, "text or json, one line each."),
    Setting("v", "int", "0", PROCESS, "Verbosity; 4 and more shows what is decided at every turn."),
    Setting(
        "drain-timeout", "duration", "20s", PROCESS,
        "Time from SIGTERM to the end; scrapes under way are finished. Keep it below the pod's grace period.",
    ),
)  # fmt: skip

#: Flags that steer Go's runtime or its logger; accepted so that manifests need no change, and without effect.
IGNORED = {
    "auto-gomemlimit": "bool",
    "auto-gomemlimit-ratio": "string",
    "add_dir_header": "bool",
    "alsologtostderr": "bool",
    "alsologtostderrthreshold": "string",
    "legacy_stderr_threshold_behavior": "bool",
    "log_backtrace_at": "string",
    "log_dir": "string",
    "log_file": "string",
    "log_file_max_size": "string",
    "logtostderr": "bool",
    "one_output": "bool",
    "skip_headers": "bool",
    "skip_log_headers": "bool",
    "stderrthreshold": "string",
    "vmodule": "string",
}


class Options(msgspec.Struct, frozen=True):
    """The settings as values: durations in seconds, lists without blanks and empty items."""

    apiserver: str
    kubeconfig: str
    use_apiserver_cache: bool
    object_limit: int
    resources: tuple[str, ...]
    namespaces: tuple[str, ...]
    namespaces_denylist: tuple[str, ...]
    shard: int
    total_shards: int
    workers: int
    host: str
    port: int
    telemetry_host: str
    telemetry_port: int
    enable_gzip_encoding: bool
    serve_partial: bool
    stale_segments_ttl: float
    server_read_timeout: float
    server_read_header_timeout: float
    server_write_timeout: float
    server_idle_timeout: float
    check: bool
    log_format: str
    v: int
    drain_timeout: float


def parse(given: Mapping[str, str], known: Iterable[str], cores: Callable[[], int]) -> Options:
    """Texts by flag name -> Options; what is not given has its default.

    known   resources that --resources may name
    cores   how many workers 0 means
    raise   OptionsError with every fault there is
    """
    values: dict[str, Any] = {}
    faults = []
    for setting in SETTINGS:
        text = given.get(setting.flag, setting.default)
        try:
            values[setting.field] = _FORMS[setting.form](text)
        except ValueError as error:
            faults.append(f"--{setting.flag}={text}: {error}")
    faults += _faults(values, sorted(known))
    if faults:
        raise OptionsError(faults)
    if not values["workers"]:
        values["workers"] = cores()
    return Options(**values)


def _faults(values: Mapping[str, Any], known: list[str]) -> list[str]:
    """What is wrong with values that have their form; those without it are spoken of already."""
    faults = [
        f"--resources: there is no {name!r}; there are {', '.join(known)}"
        for name in values.get("resources", ())
        if name not in known
    ]
    faults += [
        f"--{field.replace('_', '-')}={values[field]}: not a port"
        for field in ("port", "telemetry_port")
        if not 0 <= values.get(field, 0) <= 65535
    ]
    if values.get("port", 0) and values.get("port") == values.get("telemetry_port"):
        faults.append(f"--port and --telemetry-port are both {values['port']}")
    shard, total = values.get("shard", 0), values.get("total_shards", 1)
    if total < 1:
        faults.append(f"--total-shards={total}: at least 1")
    elif not 0 <= shard < total:
        faults.append(f"--shard={shard}: from 0 to {total - 1}, since --total-shards={total}")
    faults += [
        f"--{f.replace('_', '-')}={values[f]}: not below 0" for f in ("workers", "object_limit") if values.get(f, 0) < 0
    ]
    if values.get("workers", 0) > 512:
        faults.append(f"--workers={values['workers']}: at most 512")
    if values.get("log_format", "text") not in {"text", "json"}:
        faults.append(f"--log-format={values['log_format']}: text or json")
    url = values.get("apiserver", "")
    if url and not re.match(r"https?://[^/\s]+", url):
        faults.append(f"--apiserver={url}: not an http or https URL")
    return faults


def _bool(text: str) -> bool:
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise ValueError("true or false")


def _int(text: str) -> int:
    try:
        return int(text, 10)
    except ValueError:
        raise ValueError("not a whole number") from None


def duration(text: str) -> float:
    """Seconds of a Go duration: 300ms, 1m30s, 5m0s, 0."""
    if text == "0":
        return 0.0
    parts = list(_DURATION.finditer(text))
    if not parts or "".join(part[0] for part in parts) != text:
        raise ValueError("not a duration such as 30s, 1m30s or 500ms")
    return math.fsum(float(part[1]) * _SECONDS[part[2]] for part in parts)


def _list(text: str) -> tuple[str, ...]:
    """Comma-separated items in order, each once."""
    return tuple(dict.fromkeys(item.strip() for item in text.split(",") if item.strip()))


_FORMS: dict[str, Callable[[str], Any]] = {
    "string": str,
    "bool": _bool,
    "int": _int,
    "duration": duration,
    "list": _list,
}


def quota_cores(root: Path = Path("/sys/fs/cgroup")) -> int:
    """CPUs that this process may use: the cgroup's quota rounded up, else the cores it may run on; at least 1."""
    cores = len(os.sched_getaffinity(0))
    for name in ("cpu.max", "cpu/cpu.cfs_quota_us"):
        try:
            words = (root / name).read_text(encoding="ascii").split()
            period = words[1] if len(words) > 1 else (root / "cpu/cpu.cfs_period_us").read_text(encoding="ascii")
            if words[0] not in {"max", "-1"}:
                return max(1, min(cores, math.ceil(int(words[0]) / int(period))))
        except (OSError, ValueError, IndexError):
            continue
    return max(1, cores)
