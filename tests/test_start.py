"""What every process of the tree shares: loaded before the fork, paid for by each start."""

import os
import subprocess
import sys

import pytest
from tree import ROOT

#: seconds of a start and memory of every process, for what only some flag or only the front's process needs
OPTIONAL = {
    "aiohttp",
    "bcrypt",
    "gunicorn",
    "jinja2",
    "kubernetes",
    "matplotlib",
    "prometheus_client",
    "psutil",
    "pydantic",
    "regex",
    "shardex.check",
    "shardex.documentation",
    "shardex.render",
    "shardex.serving.gunicorn_conf",
    "yaml",
}
# Everything of a start but the forks.
_CODE = """
import sys
from shardex.workers.supervisor import Supervisor
Supervisor.run = lambda _: print(*sys.modules) or 0
from shardex.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("flag", "loaded"),
    [
        ("--resources=pods", set()),
        ("--config={file}", {"yaml"}),
        ("--custom-resource-state-config=kind: CustomResourceStateMetrics", {"yaml"}),
        ("--tls-config={file}", {"yaml"}),
        ("--metric-allowlist=kube_pod_.*", {"regex"}),
    ],
)
def test_forked_processes_share_what_they_need(flag, loaded, tmp_path):
    """A package that a flag needs is loaded with that flag only, and none that only the front needs."""
    file = tmp_path / "file.yaml"
    file.write_text("{}")
    flags = ["--apiserver=http://127.0.0.1:1", "--host=127.0.0.1", "--telemetry-host=127.0.0.1"]
    flags += ["--port=0", "--telemetry-port=0", flag.format(file=file)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", _CODE, *flags]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    modules = set(done.stdout.split())
    assert "shardex.workers.worker" in modules
    assert modules & OPTIONAL == loaded
