"""A server in a process of its own, for the length of a `with`: what the tests of everything else stand on."""

import json
import ssl
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from load.cluster import Cluster
from load.processes import environment
from load.replay import record


class ControlError(Exception):
    """The server refused a control request; the message is its answer."""


class Server:
    """A running server's URL and its control."""

    def __init__(self, url: str, pid: int) -> None:
        self.url, self.pid = url, pid
        self._context = ssl.create_default_context()
        self._context.check_hostname = False  # a test's own server, on loopback, under any certificate
        self._context.verify_mode = ssl.CERT_NONE

    def _control(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_load/{path}", data, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=30, context=self._context) as response:  # noqa: S310
                return json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                raise ControlError(error.read().decode()) from None

    def fault(self, kind: str, resource: str = "*", verb: str = "any", **more: Any) -> None:
        """Add a rule: of this kind, for this resource and verb, with the further members of faults.Fault."""
        match = {"resource": resource, "verb": verb, "namespace": more.pop("namespace", "*")}
        self._control("POST", "faults", {"kind": kind, "match": match, **more})

    def clear_faults(self) -> None:
        self._control("DELETE", "faults")

    def requests(self, verb: str = "", resource: str = "") -> list[dict[str, Any]]:
        """The audit log, oldest first, of one verb (get, list, watch, create, ...) or resource if given."""
        entries: list[dict[str, Any]] = self._control("GET", "requests")
        return [e for e in entries if e["verb"] == (verb or e["verb"]) and e["resource"] == (resource or e["resource"])]

    def clear_requests(self) -> None:
        self._control("DELETE", "requests")

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = self._control("GET", "state")
        return state

    def add(self, path: str, obj: Mapping[str, Any] | None = None) -> int:
        """Create the object of a path as it is given; return its resource version."""
        return self.apply([{"action": "add", "path": path, "object": obj or {}}])

    def modify(self, path: str, obj: Mapping[str, Any]) -> int:
        return self.apply([{"action": "modify", "path": path, "object": obj}])

    def delete(self, path: str) -> int:
        return self.apply([{"action": "delete", "path": path}])

    def apply(self, changes: Sequence[Mapping[str, Any]]) -> int:
        """Several changes at once; return the resource version of the last."""
        return int(self._control("POST", "objects", list(changes))["resourceVersion"])

    def compact(self) -> None:
        """Forget the history: every older version is expired."""
        self._control("POST", "compact")

    def restart(self) -> None:
        """Drop all connections and forget what watches could start from."""
        self._control("POST", "restart")

    def churn(self, profile: str | None = None, rate: float | None = None) -> None:
        self._control("POST", "churn", {"profile": profile, "rate": rate})

    def tokens(self, *tokens: Mapping[str, Any]) -> None:
        """Replace the bearer tokens: {"token": ..., "user": ..., "allowed": ...}."""
        self._control("POST", "tokens", tokens)


def _arguments(options: Mapping[str, Any]) -> list[str]:
    """Options as the command line has them: pods=5 is --pods 5, token=("a", "b") is --token a --token b."""
    arguments = []
    for name, value in options.items():
        flag = f"--{name.replace('_', '-')}"
        if name == "tls":
            arguments += [flag, *map(str, value)]
        else:
            values = value if isinstance(value, list | tuple) else [value]
            arguments += [part for one in values for part in (flag, str(one))]
    return arguments


@contextmanager
def running(cluster: Cluster | None = None, **options: Any) -> Iterator[Server]:
    """A server on a free loopback port, ended with the block.

    cluster  objects to serve; without it, what the options of `python -m load serve` ask for, 0 pods if none does
    raise    RuntimeError with the server's own words when it does not come up
    """
    with tempfile.TemporaryDirectory(prefix="load-") as directory:
        if cluster is not None:
            record(cluster, Path(directory))
            options["objects"] = directory
        elif "objects" not in options:
            options.setdefault("pods", 0)
        command = [sys.executable, "-m", "load", "serve", *_arguments(options)]
        log = Path(directory) / "log"
        with log.open("w") as errors:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment())
        assert process.stdout is not None
        try:
            url = process.stdout.readline().strip()
            if not url:
                raise RuntimeError(f"{' '.join(command)} did not start:\n{log.read_text()}")
            yield Server(url, process.pid)
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()
