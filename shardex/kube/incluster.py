"""What a pod is told of its API server: two variables of its environment, a proxy's beside them, and mounted files.

Own code: the `kubernetes` package, which reads the same, takes half a second to load, as long as all else of a start.
"""

from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from shardex.errors import EndpointError

MOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_VARIABLES = ("KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT")


def url_of(environment: Mapping[str, str]) -> str:
    """Of the API server.

    raise  EndpointError outside of a cluster
    """
    host, port = (environment.get(name, "") for name in _VARIABLES)
    if not host or not port:
        raise EndpointError(f"not in a cluster (give --kubeconfig or --apiserver): no {' and '.join(_VARIABLES)}")
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"


def authority(file: Path) -> str:
    """The certificates that the API server's own is signed by, as PEM.

    raise  EndpointError when there are none: the system's authorities would not do instead
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise EndpointError(f"the API server's authority cannot be read: {error}") from error
    if not text.strip():
        raise EndpointError(f"the API server's authority cannot be read: {file} is empty")
    return text


def proxy_to(url: str, environment: Mapping[str, str]) -> str:
    """The HTTP proxy that the environment wants for a URL; "" for none.

    environment  https_proxy, all_proxy and no_proxy, or the same in capitals; those in small letters win
    """

    def value(name: str) -> str:
        return environment.get(name, environment.get(name.upper(), ""))

    parts = urlsplit(url)
    rules = (rule.strip().lower() for rule in value("no_proxy").split(","))
    if any(_excepts(rule, parts.hostname or "", parts.netloc.lower()) for rule in rules if rule):
        return ""
    return value(f"{parts.scheme}_proxy") or value("all_proxy")


def _excepts(rule: str, host: str, host_and_port: str) -> bool:
    """Whether one rule of no_proxy means the host: *, a name and all below it, an address, a network."""
    if rule == "*":
        return True
    try:
        return ip_address(host) in ip_network(rule, strict=False)
    except ValueError:  # one of them is a name
        name = rule.removeprefix("*").lstrip(".")
        return any(one == name or one.endswith(f".{name}") for one in (host, host_and_port))
