"""Kubeconfigs and throw-away certificates for tests of how shardex finds its way to an API server."""

import base64
import json
import stat
import subprocess
import sys

import yaml

from shardex.kube.client import Client
from shardex.kube.endpoint import Credentials, resolve

TOKEN = "tok-3f9a1c77"
EXEC = "client.authentication.k8s.io/v1"

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
_SIGNED = ("-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names", "-days", "2")


def certificates(directory):
    """An authority `ca`, a `stranger` to it, certificates of a `server` and a `client`, and the client's key locked."""

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=directory)

    for name in ("ca", "stranger"):
        files = ("-keyout", f"{name}.key", "-out", f"{name}.crt")
        openssl("req", "-x509", *_KEY, *files, "-subj", f"/CN={name}", "-days", "2")
    (directory / "names").write_text("subjectAltName=IP:127.0.0.1,DNS:api.internal\n")
    for name in ("server", "client"):
        openssl("req", *_KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        openssl("x509", "-req", "-in", f"{name}.csr", "-out", f"{name}.crt", *_SIGNED)
    openssl("ec", "-in", "client.key", "-aes256", "-passout", "pass:secret", "-out", "locked.key")


def kubeconfig(path, user=None, **cluster):
    """Write a kubeconfig of one cluster and one user; its path. A member of the cluster that is None is left out."""
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {key: value for key, value in cluster.items() if value is not None}}],
        "users": [{"name": "u", "user": user or {}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    path.write_text(yaml.safe_dump(document))
    return str(path)


def encoded(path):
    """A file as the -data members of a kubeconfig hold it."""
    return base64.b64encode(path.read_bytes()).decode()


def plugin(path, status, before=""):
    """A kubeconfig user whose plugin says this; what stands before is done first."""
    said = {"apiVersion": EXEC, "kind": "ExecCredential", "status": status}
    path.write_text(f"#!{sys.executable}\nimport json, os, sys, time\n{before}\nprint(json.dumps({said!r}))\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return {"exec": {"apiVersion": EXEC, "command": str(path), "interactiveMode": "Never"}}


def client_of(kubeconfig, apiserver=""):
    return Client(Credentials(resolve(apiserver, kubeconfig), kubeconfig), "shardex/test")


def listed(client):
    """The kind of a list, which says that everything fits."""
    with client.get("/api/v1/pods", {"limit": "1"}, "application/json", 5.0) as answer:
        return json.loads(b"".join(answer.chunks()))["kind"]
