"""The settings as values, parsed from text and checked all at once."""

import math
import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from shardex.errors import OptionsError
from shardex.exposition.allowlist import AllowList, from_text, unknown
from shardex.exposition.filters import Filters
from shardex.forms import FORMS, Form, parsed
from shardex.settings import SETTINGS

_FORMS: Mapping[str, Form] = {**FORMS, "allowlist": from_text}


class Options(msgspec.Struct, frozen=True):
    """The settings as values: durations in seconds, lists without blanks and empty items."""

    apiserver: str
    kubeconfig: str
    use_apiserver_cache: bool
    object_limit: int
    resources: tuple[str, ...]
    namespaces: tuple[str, ...]
    namespaces_denylist: tuple[str, ...]
    metric_allowlist: tuple[str, ...]
    metric_denylist: tuple[str, ...]
    metric_opt_in_list: tuple[str, ...]
    metric_labels_allowlist: AllowList
    metric_annotations_allowlist: AllowList
    node: str
    track_unscheduled_pods: bool
    custom_resource_state_config: str
    custom_resource_state_config_file: str
    custom_resource_state_only: bool
    continue_without_custom_resource_state_config_file: bool
    shard: int
    total_shards: int
    pod: str
    pod_namespace: str
    reshard_timeout: float
    reshard_overlap: float
    workers: int
    host: str
    port: int
    telemetry_host: str
    telemetry_port: int
    tls_config: str
    auth_filter: bool
    ready_file: str
    enable_gzip_encoding: bool
    serve_partial: bool
    stale_segments_ttl: float
    server_read_timeout: float
    server_read_header_timeout: float
    server_write_timeout: float
    server_idle_timeout: float
    config: str
    continue_without_config: bool
    check: bool
    log_format: str
    v: int
    drain_timeout: float


Given = str | tuple[str, ...] | AllowList


def parse(given: Mapping[str, Given], known: Iterable[str], cores: Callable[[], int]) -> Options:
    """Values by flag name -> Options; what is not given has its default.

    given   texts; of lists and allow lists also the value itself
    known   resources that --resources may name
    cores   how many workers 0 means
    raise   OptionsError with every fault there is
    """
    values, faults = parsed(SETTINGS, given, _FORMS)
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
    if shard > 65535 or total > 65535:
        faults.append("--total-shards: at most 65535")
    if not values.get("reshard_timeout", 1.0):
        faults.append("--reshard-timeout: above 0")
    if values.get("pod") and not values.get("pod_namespace"):
        faults.append(f"--pod={values['pod']}: --pod-namespace is missing")
    faults += [
        f"--{f.replace('_', '-')}={values[f]}: not below 0" for f in ("workers", "object_limit") if values.get(f, 0) < 0
    ]
    if values.get("workers", 0) > 512:
        faults.append(f"--workers={values['workers']}: at most 512")
    if values.get("log_format", "text") not in {"text", "json"}:
        faults.append(f"--log-format={values['log_format']}: text or json")
    faults += _filter_faults(values, known)
    url = values.get("apiserver", "")
    if url and not re.match(r"https?://[^/\s]+", url):
        faults.append(f"--apiserver={url}: not an http or https URL")
    return faults


def _filter_faults(values: Mapping[str, Any], known: list[str]) -> list[str]:
    faults: list[str] = []
    try:
        Filters(*(values.get(f"metric_{name}", ()) for name in ("allowlist", "denylist", "opt_in_list")))
    except OptionsError as error:
        faults += error.faults
    for field in ("metric_labels_allowlist", "metric_annotations_allowlist"):
        faults += [f"--{field.replace('_', '-')}: {fault}" for fault in unknown(values.get(field, {}), known)]
    if values.get("node"):
        faults += [
            f"--node selects pods only: --resources={name} cannot be selected by node"
            for name in values.get("resources", ())
            if name != "pods"
        ]
    return faults


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
