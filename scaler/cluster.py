"""The API server, as little of it as the scaler needs: counts, its StatefulSet, the pods' addresses, Events.

Over the `kubernetes` package's connections, which know every way to authenticate; its model objects are left aside.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import urllib3
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException

from scaler.observation import Set
from scaler.options import Options, quantity
from shardex.errors import EndpointError, ShardexError

_NAMESPACE_FILE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
_SECONDS = 30.0
_METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
_MERGE = "application/merge-patch+json"


class ClusterError(ShardexError):
    """A request that failed.

    status  of HTTP; 0 without an answer
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Cluster:
    """Connections to one API server."""

    def __init__(self, options: Options) -> None:
        self.api = client.ApiClient(configuration(options))
        self._host = str(self.api.configuration.host).rstrip("/")

    def request(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: Any = None, **headers: str
    ) -> dict[str, Any]:
        """The JSON of the answer.

        headers  with underscores for dashes
        raise    ClusterError
        """
        try:
            answer = self._send(method, path, query, body, headers, _SECONDS)
            content = answer.read()
            if answer.status >= 300:
                raise ClusterError(answer.status, f"{path}: {answer.status} {_said(content)}")
            return dict(json.loads(content))
        except ApiException as error:
            raise ClusterError(error.status or 0, f"{path}: {error.status or ''} {error.reason}") from None
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise ClusterError(0, f"{path}: {_cause(error)}") from None

    def watch_set(self, namespace: str, name: str, seconds: int) -> Iterator[dict[str, Any]]:
        """The StatefulSet as it is, then each time it changes, for so long; raise ClusterError.

        Not the package's own watch: its models refuse what an older or newer server leaves out.
        """
        path = _set_path(namespace, name).rpartition("/")[0]
        query = {"watch": "true", "fieldSelector": f"metadata.name={name}", "timeoutSeconds": str(seconds)}
        try:
            answer = self._send("GET", path, query, None, {}, seconds + _SECONDS).response
            if answer.status >= 300:
                raise ClusterError(answer.status, f"{path}: {answer.status} {_said(answer.read())}")
            rest = b""
            for chunk in answer.stream():
                *lines, rest = (rest + chunk).split(b"\n")
                for line in filter(None, lines):
                    event = json.loads(line)
                    if event["type"] == "ERROR":
                        raise ClusterError(410, f"{path}: {event['object'].get('message', '')}")
                    yield event["object"]
        except (ApiException, urllib3.exceptions.HTTPError, OSError, ValueError, KeyError) as error:
            raise ClusterError(0, f"{path}: {_cause(error)}") from None

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: Any,
        headers: Mapping[str, str],
        seconds: float,
    ) -> Any:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {
            "Accept": "application/json",
            "User-Agent": "shardex-scaler",
            "Content-Type": "application/json",
        } | given
        url = self._host + path + ("?" + urlencode(query) if query else "")
        self.api.update_params_for_auth(sent, [], ["BearerToken"], path, method, body)
        return self.api.rest_client.request(method, url, headers=sent, body=body, _request_timeout=seconds)

    def count(self, apis: Sequence[str], plural: str, namespaces: Sequence[str]) -> int:
        """Objects of a kind, of these namespaces or of all; 0 where the server does not know the kind.

        apis    group/version, the one that is wanted first
        raise   ClusterError
        """
        for api in apis:
            base = f"/apis/{api}" if "/" in api else f"/api/{api}"
            paths = [f"{base}/namespaces/{quote(name)}/{plural}" for name in namespaces] or [f"{base}/{plural}"]
            try:
                return sum(self._count(path) for path in paths)
            except ClusterError as error:
                if error.status != 404:
                    raise
        return 0

    def _count(self, path: str) -> int:
        # Without a resource version: from its cache the server ignores the limit and sends everything.
        page = self.request("GET", path, {"limit": "1"}, Accept=_METADATA)
        meta = page.get("metadata") or {}
        if meta.get("continue") and "remainingItemCount" not in meta:
            raise ClusterError(200, f"{path}: the server does not tell how many there are")
        return len(page.get("items") or ()) + int(meta.get("remainingItemCount") or 0)

    def set(self, namespace: str, name: str) -> Set:
        """The StatefulSet; raise ClusterError."""
        return as_set(self.request("GET", _set_path(namespace, name)))

    def patch_set(self, namespace: str, name: str, body: Mapping[str, Any]) -> None:
        """A JSON merge patch of the StatefulSet, whatever else has changed in it meanwhile; raise ClusterError."""
        self.request("PATCH", _set_path(namespace, name), None, dict(body), Content_Type=_MERGE)

    def addresses(self, namespace: str, service: str, port: int) -> dict[str, str]:
        """host:port of the telemetry of the pods behind a headless Service, by the pod's name; raise ClusterError."""
        selector = {"labelSelector": f"kubernetes.io/service-name={service}"}
        path = f"/apis/discovery.k8s.io/v1/namespaces/{quote(namespace)}/endpointslices"
        found = {}
        for piece in self.request("GET", path, selector).get("items") or ():
            named = [one["port"] for one in piece.get("ports") or () if one.get("name") == "telemetry"]
            for endpoint in piece.get("endpoints") or ():
                pod = (endpoint.get("targetRef") or {}).get("name")
                if pod and endpoint.get("addresses"):
                    address = endpoint["addresses"][0]
                    host = f"[{address}]" if ":" in address else address
                    found[pod] = f"{host}:{(named or [port])[0]}"
        return found

    def create(self, path: str, body: Mapping[str, Any]) -> None:
        """Create an object; raise ClusterError."""
        self.request("POST", path, None, dict(body))


def configuration(options: Options) -> Any:
    """What the kubernetes package is to connect with; raise EndpointError."""
    settings = client.Configuration()
    try:
        if options.kubeconfig:
            config.load_kube_config(options.kubeconfig, client_configuration=settings, persist_config=False)
        elif not options.apiserver:
            config.load_incluster_config(client_configuration=settings)
    except (config.ConfigException, OSError) as error:
        hint = "" if options.kubeconfig else "; outside a cluster give --kubeconfig or --apiserver"
        raise EndpointError(f"no way to the API server: {error}{hint}") from None
    if options.apiserver:
        settings.host = options.apiserver
    settings.retries = False  # a turn of the controller is the retry
    return settings


def own_namespace() -> str:
    """Of the pod that this runs in; "default" outside of one."""
    try:
        return _NAMESPACE_FILE.read_text(encoding="utf-8").strip() or "default"
    except OSError:
        return "default"


def as_set(document: Mapping[str, Any]) -> Set:
    """A StatefulSet as the API writes it; limits are those of its largest container."""
    meta, spec = document["metadata"], document.get("spec") or {}
    containers = ((spec.get("template") or {}).get("spec") or {}).get("containers") or []
    main: Any = max(containers, key=lambda one: quantity(str(_limits(one).get("memory", 0))), default={})
    return Set(
        namespace=meta.get("namespace", "default"),
        name=meta["name"],
        replicas=int(spec.get("replicas", 1)),
        uid=meta.get("uid", ""),
        version=meta.get("resourceVersion", ""),
        generation=int(meta.get("generation", 0)),
        service=spec.get("serviceName") or "",
        container=main.get("name", ""),
        memory_limit=quantity(str(_limits(main).get("memory", 0))),
        cpu_limit=quantity(str(_limits(main).get("cpu", 0))),
        annotations=dict(meta.get("annotations") or {}),
    )


def _limits(container: Mapping[str, Any]) -> Mapping[str, Any]:
    return (container.get("resources") or {}).get("limits") or {}


def _set_path(namespace: str, name: str) -> str:
    return f"/apis/apps/v1/namespaces/{quote(namespace)}/statefulsets/{quote(name)}"


def _said(content: bytes) -> str:
    try:
        return str(json.loads(content).get("message", ""))
    except (ValueError, AttributeError):
        return content[:200].decode(errors="replace")


def _cause(error: BaseException) -> str:
    reason = getattr(error, "reason", None)
    return str(reason or error) or type(error).__name__
