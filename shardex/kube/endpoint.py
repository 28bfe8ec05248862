"""Where the API server is and how to speak to it: URL, TLS and credentials.

Kubeconfigs (client certificates, tokens, exec plugins, proxies) are read by the `kubernetes` package, in a short-lived
process of its own (credentials.py): its models and pydantic would cost every worker 20 MB.
"""

import json
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from shardex.errors import EndpointError
from shardex.kube import incluster
from shardex.pem import PemFile

# Between two readings of a kubeconfig: a server that answers 401 to everything must not keep us starting plugins.
_RELOAD_SECONDS = 10.0
# Between two looks at a token file: the kubelet writes a new one minutes before the old one ends.
_TOKEN_SECONDS = 30.0
_PLUGIN_SECONDS = 60.0


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

    def __repr__(self) -> str:
        """The URL alone: a repr ends in logs and tracebacks, where no token and no key may be."""
        return f"Endpoint({self.url})"


def resolve(apiserver: str, kubeconfig: str) -> Endpoint:
    """The endpoint that the two flags mean: both empty is in-cluster, the URL alone needs no credentials.

    raise  EndpointError with what is wrong and what to do
    """
    if apiserver and not kubeconfig:
        return _whole(Endpoint(url=apiserver))
    endpoint = read(kubeconfig) if kubeconfig else _in_cluster()
    return _whole(msgspec.structs.replace(endpoint, url=apiserver) if apiserver else endpoint)


def _in_cluster() -> Endpoint:
    url = incluster.url_of(os.environ)
    token_file = str(incluster.MOUNT / "token")
    _token_of(token_file)  # one that is not there is a fault of the pod, which its workers would meet again and again
    authority = incluster.authority(incluster.MOUNT / "ca.crt")
    return Endpoint(url, ca=authority, token_file=token_file, proxy=incluster.proxy_to(url, os.environ))


def read(kubeconfig: str, seconds: float = _PLUGIN_SECONDS) -> Endpoint:
    """What the process of credentials.py finds.

    raise  EndpointError when it finds none, or not in time
    """
    command = [sys.executable, "-m", "shardex.kube.credentials", kubeconfig]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, start_new_session=True
    ) as process:
        try:
            out, errors = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # the whole session: the plugin that hangs is a child of it
            raise EndpointError(
                f"the credentials took more than {seconds:.0f} s: does an exec plugin wait for input?"
            ) from None
    try:
        answer = json.loads(out)
    except ValueError:
        said = errors.decode(errors="replace").strip().splitlines()
        raise EndpointError(f"the credentials cannot be read: {said[-1] if said else 'no answer'}") from None
    if "error" in answer:
        raise EndpointError(answer["error"])
    endpoint = msgspec.convert(answer, Endpoint)
    _check_token(endpoint.token, kubeconfig)
    return endpoint


def _whole(endpoint: Endpoint) -> Endpoint:
    """With a scheme, which may be left out as everywhere in Kubernetes."""
    url = endpoint.url
    if "://" not in url:
        secret = endpoint.ca or endpoint.certificate or not endpoint.verify
        url = f"{'https' if secret else 'http'}://{url}"
    if not _is_http(url):
        raise EndpointError(f"the API server's URL is none: {endpoint.url}")
    if endpoint.proxy and not _is_http(endpoint.proxy):
        scheme = endpoint.proxy.partition("://")[0]  # the rest may hold a password
        raise EndpointError(f"the proxy to {url} is no HTTP proxy: {scheme}://...")
    return msgspec.structs.replace(endpoint, url=url)


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _check_token(token: str, where: str) -> None:
    # Any other character ends in an exception of the HTTP library, whose message shows the token.
    if not (token.isascii() and token.isprintable() and " " not in token):
        raise EndpointError(f"{where} holds a token with blanks or control characters")


def ssl_context(endpoint: Endpoint) -> ssl.SSLContext:
    """TLS as the endpoint wants it.

    raise  EndpointError when a certificate or key is none
    """
    try:
        context = ssl.create_default_context(cadata=endpoint.ca or None)
        # Python 3.13 asks for extensions that many clusters' own authorities do not write; Go and 3.12 do not.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if not endpoint.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if endpoint.certificate:
            with PemFile(endpoint.certificate + "\n" + endpoint.key) as path:
                context.load_cert_chain(path, password="")  # or OpenSSL asks the terminal for that of a locked key
    except (ssl.SSLError, OSError, ValueError) as error:
        raise EndpointError(f"TLS to {endpoint.url}: {error}") from error
    return context


class Credentials:
    """The Authorization header of the moment; shared by all threads of a worker.

    endpoint  with the client certificate of the moment
    """

    def __init__(self, endpoint: Endpoint, kubeconfig: str) -> None:
        self.endpoint = endpoint
        self._kubeconfig = kubeconfig
        self._lock = threading.Lock()
        self._token = endpoint.token
        self._looked = self._reloaded = float("-inf")

    def header(self) -> dict[str, str]:
        """`{}` where the endpoint needs none.

        raise  EndpointError when a token file has never held a token
        """
        if self.endpoint.basic:
            return {"authorization": self.endpoint.basic}
        if self.endpoint.token_file:
            self._look(time.monotonic())
        return {"authorization": f"Bearer {self._token}"} if self._token else {}

    def renew(self) -> None:
        """After a 401: look at the token file now, or run the kubeconfig's plugins again.

        raise  EndpointError when that fails; what was known stays
        """
        with self._lock:
            if self.endpoint.token_file:
                self._looked = float("-inf")
            elif self._kubeconfig and time.monotonic() - self._reloaded >= _RELOAD_SECONDS:
                try:
                    found = read(self._kubeconfig)
                finally:  # counted from the end: those who waited for the lock meanwhile are served by this reading
                    self._reloaded = time.monotonic()
                self._token = found.token
                self.endpoint = msgspec.structs.replace(
                    self.endpoint, basic=found.basic, certificate=found.certificate, key=found.key
                )

    def _look(self, now: float) -> None:
        with self._lock:
            if now - self._looked < _TOKEN_SECONDS:
                return
            try:
                self._token = _token_of(self.endpoint.token_file)
                self._looked = now
            except EndpointError:
                if not self._token:  # the one before is good until the server says otherwise
                    raise


def _token_of(path: str) -> str:
    try:
        token = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise EndpointError(f"the token cannot be read: {error}") from error
    if not token:
        raise EndpointError(f"the token cannot be read: {path} is empty")
    _check_token(token, path)
    return token
