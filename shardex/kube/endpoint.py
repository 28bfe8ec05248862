"""Where the API server is and how to speak to it: URL, TLS and credentials.

Kubeconfigs (client certificates, tokens, exec plugins, proxies) and in-cluster files are read by the `kubernetes`
package, in a short-lived process of its own (credentials.py): its models and pydantic would cost every worker 20 MB.
"""

import json
import os
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from shardex.errors import EndpointError

# Between two readings of a kubeconfig: a server that answers 401 to everything must not keep us starting plugins.
_RELOAD_SECONDS = 10.0
# Between two looks at a token file: the kubelet writes a new one minutes before the old one ends.
_TOKEN_SECONDS = 30.0


class Endpoint(msgspec.Struct, frozen=True):
    """What a connection needs; PEM texts, not files, since those of a kubeconfig are gone with the process that read
    it.

    url          scheme, host, port and path
    server_name  name that the server's certificate must carry, when it is not the host
    token        of an Authorization: Bearer header; "" for none
    token_file   read instead of `token` and anew as it rotates; "" for none
    basic        the value of a whole Authorization header, for the rare basic auth
    proxy        URL of an HTTP proxy; "" for none
    """

    url: str
    ca: str = ""
    certificate: str = ""
    key: str = ""
    verify: bool = True
    server_name: str = ""
    token: str = ""
    token_file: str = ""
    basic: str = ""
    proxy: str = ""


def resolve(apiserver: str, kubeconfig: str) -> Endpoint:
    """The endpoint that the two flags mean: both empty is in-cluster, the URL alone needs no credentials.

    raise  EndpointError with what is wrong and what to do
    """
    if apiserver and not kubeconfig:
        return Endpoint(url=apiserver)
    arguments = ["--kubeconfig", kubeconfig] if kubeconfig else ["--in-cluster"]
    endpoint = _read(arguments)
    return msgspec.structs.replace(endpoint, url=apiserver) if apiserver else endpoint


def _read(arguments: Sequence[str]) -> Endpoint:
    command = [sys.executable, "-m", "shardex.kube.credentials", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    except subprocess.TimeoutExpired:
        raise EndpointError("the credentials took more than 60 s: does an exec plugin wait for input?") from None
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise EndpointError(f"the credentials cannot be read: {said[-1] if said else 'no answer'}") from None
    if "error" in answer:
        raise EndpointError(answer["error"])
    return msgspec.convert(answer, Endpoint)


def ssl_context(endpoint: Endpoint) -> ssl.SSLContext:
    """TLS as the endpoint wants it.

    raise  EndpointError when a certificate or key is none
    """
    try:
        context = ssl.create_default_context(cadata=endpoint.ca or None)
        if not endpoint.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if endpoint.certificate:
            with _PemFile(endpoint.certificate + "\n" + endpoint.key) as path:
                context.load_cert_chain(path)
    except (ssl.SSLError, OSError, ValueError) as error:
        raise EndpointError(f"TLS to {endpoint.url}: {error}") from error
    return context


class _PemFile:
    """A key as a file that never touches a disk: the ssl module takes nothing else."""

    def __init__(self, text: str) -> None:
        self._fd = os.memfd_create("pem", os.MFD_CLOEXEC)
        os.write(self._fd, text.encode())

    def __enter__(self) -> str:
        return f"/proc/self/fd/{self._fd}"

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)


class Credentials:
    """The Authorization header of the moment; shared by all threads of a worker."""

    def __init__(self, endpoint: Endpoint, kubeconfig: str) -> None:
        self.endpoint = endpoint
        self._kubeconfig = kubeconfig
        self._lock = threading.Lock()
        self._token = endpoint.token
        self._looked = self._reloaded = float("-inf")

    def header(self) -> dict[str, str]:
        """`{}` where the endpoint needs none."""
        if self.endpoint.basic:
            return {"authorization": self.endpoint.basic}
        if self.endpoint.token_file:
            self._look(time.monotonic())
        return {"authorization": f"Bearer {self._token}"} if self._token else {}

    def renew(self) -> None:
        """After a 401: look at the token file now, or run the kubeconfig's plugins again."""
        now = time.monotonic()
        with self._lock:
            if self.endpoint.token_file:
                self._looked = float("-inf")
            elif self._kubeconfig and now - self._reloaded >= _RELOAD_SECONDS:
                self._reloaded = now
                self._token = _read(["--kubeconfig", self._kubeconfig]).token

    def _look(self, now: float) -> None:
        with self._lock:
            if now - self._looked >= _TOKEN_SECONDS:
                self._looked = now
                try:
                    self._token = Path(self.endpoint.token_file).read_text(encoding="utf-8").strip()
                except OSError as error:
                    raise EndpointError(f"the token cannot be read: {error}") from error
