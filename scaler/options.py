"""The settings as values, parsed from text and checked all at once."""

import math
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import msgspec

from scaler.observation import Set
from scaler.policy import Policy
from scaler.settings import SETTINGS
from shardex.errors import OptionsError
from shardex.forms import FORMS, Form, boolean, parsed
from shardex.kube.quantity import exact
from shardex.resources import RESOURCES


class Options(msgspec.Struct, frozen=True):
    """The settings as values: durations in seconds, sizes in bytes, CPU in cores; 0 where a limit is not given."""

    apiserver: str
    kubeconfig: str
    resources: tuple[str, ...]
    namespaces: tuple[str, ...]
    statefulset: str
    namespace: str
    service: str
    telemetry_port: int
    shard_url: tuple[str, ...]
    shard_scheme: str
    shard_token_file: str
    shard_ca_file: str
    shard_server_name: str
    shard_insecure_skip_verify: bool
    shard_cert_file: str
    shard_key_file: str
    shard_timeout: float
    memory_limit: float
    cpu_limit: float
    scrape_timeout: float
    scrape_body_limit: float
    scrape_sample_limit: int
    headroom: float
    workers: int
    min_shards: int
    max_shards: int
    max_step: int
    dead_band: float
    apply: bool
    interval: float
    up_window: float
    down_window: float
    max_changes_per_hour: int
    resize_timeout: float
    reshard_overlap: float
    metrics_host: str
    metrics_port: int
    lease: str
    log_format: str
    v: int


def parse(given: Mapping[str, str]) -> Options:
    """Texts by flag name -> Options; what is not given has its default.

    raise   OptionsError with every fault there is
    """
    values, faults = parsed(SETTINGS, given, _FORMS)
    faults += _faults(values)
    if faults:
        raise OptionsError(faults)
    return Options(**values)


def policy(options: Options, target: Set | None) -> Policy:
    """What the flags say; limits that they leave open are the StatefulSet's own."""
    return Policy(
        memory_limit=options.memory_limit or (target.memory_limit if target else 0.0),
        cpu_limit=options.cpu_limit or (target.cpu_limit if target else 0.0),
        scrape_seconds=options.scrape_timeout,
        scrape_bytes=options.scrape_body_limit,
        scrape_samples=options.scrape_sample_limit,
        headroom=options.headroom,
        dead_band=options.dead_band,
        workers=options.workers,
        min_shards=options.min_shards,
        max_shards=options.max_shards,
        max_step=options.max_step,
        up_seconds=options.up_window,
        down_seconds=options.down_window,
        changes_per_hour=options.max_changes_per_hour,
    )


#: the least that a value may be, and the most
_RANGES: dict[str, tuple[float, float]] = {
    "headroom": (0.0, 0.9),
    "dead_band": (0.0, 10.0),
    "workers": (0, 512),
    "min_shards": (1, 512),
    "max_shards": (1, 512),
    "max_step": (1, 512),
    "max_changes_per_hour": (1, 3600),
    "telemetry_port": (1, 65535),
    "metrics_port": (0, 65535),
    "scrape_sample_limit": (0, math.inf),
    "interval": (0.1, 3600.0),
    "shard_timeout": (0.1, 600.0),
    "resize_timeout": (1.0, 86400.0),
}


def _faults(values: Mapping[str, Any]) -> list[str]:
    """What is wrong with values that have their form; those without it are spoken of already."""
    faults = [
        f"--{field.replace('_', '-')}={values[field]}: from {least:g} to {most:g}"
        for field, (least, most) in _RANGES.items()
        if field in values and not least <= values[field] <= most
    ]
    if values.get("min_shards", 1) > values.get("max_shards", 512):
        faults.append(f"--min-shards={values['min_shards']} is more than --max-shards={values['max_shards']}")
    if values.get("log_format", "text") not in {"text", "json"}:
        faults.append(f"--log-format={values['log_format']}: text or json")
    faults += [
        f"--shard-url={url}: not an http or https URL"
        for url in values.get("shard_url", ())
        if not url.startswith(("http://", "https://"))
    ]
    faults += _door_faults(values)
    faults += [
        f"--resources: there is no {name!r}; there are {', '.join(sorted(RESOURCES))}"
        for name in values.get("resources", ())
        if name not in RESOURCES and name.count(".") < 2  # plural.version.group of a custom resource
    ]
    return faults


def _door_faults(values: Mapping[str, Any]) -> list[str]:
    """Of what is shown to the shards, and asked of them."""
    faults = []
    scheme, ca, name = (values.get(f"shard_{field}", "") for field in ("scheme", "ca_file", "server_name"))
    if scheme not in {"http", "https"}:
        faults.append(f"--shard-scheme={scheme}: http or https")
    if bool(values.get("shard_cert_file")) != bool(values.get("shard_key_file")):
        faults.append("--shard-cert-file and --shard-key-file: one needs the other")
    if values.get("shard_insecure_skip_verify") and (ca or name):
        faults.append("--shard-insecure-skip-verify: it takes any certificate, so leave out the CA file and the name")
    if values.get("shard_token_file"):
        faults += [
            f"--shard-url={url}: the token of --shard-token-file would go there in the clear; use https"
            for url in values.get("shard_url", ())
            if url.startswith("http://") and not _local(url)
        ]
    return faults


def _local(url: str) -> bool:
    """Whether it is of this machine."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def ratio(text: str) -> float:
    """0.2 or 20%."""
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError("not a ratio such as 0.2 or 20%")
    return value


def quantity(text: str) -> float:
    """A Kubernetes quantity not below 0: 512Mi, 1500m, 2."""
    try:
        value = float(exact(text))
    except ValueError:
        raise ValueError("not a quantity such as 512Mi, 1500m or 2") from None
    if value < 0:
        raise ValueError("not below 0")
    return value


_FORMS: Mapping[str, Form] = {
    **FORMS,
    "bool": lambda text: boolean(text.lower()),  # tRUE too, which the exporter refuses as Go does
    "ratio": ratio,
    "bytes": quantity,
    "cores": quantity,
}
