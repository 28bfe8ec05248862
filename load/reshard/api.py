"""Requests to the API server, as kubectl, a controller or a scaler makes them."""

import json
import urllib.request
from typing import Any

NAMESPACE, NAME = "monitoring", "shardex"
PREPARING, SERVING = "shardex.dev/preparing-total", "shardex.dev/serving-total"
ATTEMPT = "shardex.dev/preparing-attempt"

_SET = f"/apis/apps/v1/namespaces/{NAMESPACE}/statefulsets/{NAME}"
_PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"


class Api:
    """One API server; an OSError of any request means that it is away."""

    def __init__(self, url: str) -> None:
        self.url = url

    def _ask(self, method: str, path: str, body: Any = None, content: str = "application/json") -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": content}, method=method)  # noqa: S310
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return json.load(answer)

    def create_set(self, replicas: int) -> None:
        labels = {"app.kubernetes.io/name": NAME}
        spec = {
            "replicas": replicas,
            "serviceName": NAME,
            "podManagementPolicy": "Parallel",
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": []}},
        }
        document = {"metadata": {"name": NAME, "namespace": NAMESPACE, "labels": labels}, "spec": spec}
        self._ask("POST", _SET.rpartition("/")[0], document)

    def stateful_set(self) -> dict[str, Any]:
        found: dict[str, Any] = self._ask("GET", _SET)
        return found

    def patch(self, change: dict[str, Any], part: str = "") -> None:
        self._ask("PATCH", _SET + part, change, "application/merge-patch+json")

    def scale(self, replicas: int) -> None:
        self.patch({"spec": {"replicas": replicas}}, "/scale")

    def annotate(self, **totals: int | None) -> dict[str, Any]:
        """The patch that sets `preparing`, `serving` and `attempt`; None removes one."""
        names = {"preparing": PREPARING, "serving": SERVING, "attempt": ATTEMPT}
        values = {names[key]: None if total is None else str(total) for key, total in totals.items()}
        return {"metadata": {"annotations": values}}

    def create_pod(self, name: str, owner: str) -> None:
        reference = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": NAME, "uid": owner, "controller": True}
        meta = {"name": name, "namespace": NAMESPACE, "ownerReferences": [reference]}
        self._ask("POST", _PODS, {"metadata": meta, "spec": {"containers": [{"name": "shardex"}]}, "status": {}})

    def delete_pod(self, name: str) -> None:
        self._ask("DELETE", f"{_PODS}/{name}")
