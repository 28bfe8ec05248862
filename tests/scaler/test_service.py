"""`shardex-scaler run` as a process: it leads, tells, wakes when the StatefulSet changes, and ends in order."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from observing import answering, page, shard
from tree import eventually

from scaler.cluster import Cluster
from scaler.decide import PAUSED
from scaler.options import parse

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent
LEASE = "/apis/coordination.k8s.io/v1/namespaces/monitoring/leases/shardex-scaler"


class Service:
    def __init__(self, server, url, log):
        self.cluster, self.log = Cluster(parse({"apiserver": server.url})), log
        flags = ["--namespace=monitoring", f"--apiserver={server.url}", f"--shard-url={url}", "--resources=pods"]
        flags += ["--metrics-host=127.0.0.1", "--metrics-port=0", "--interval=10m"]
        with log.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "scaler", "run", *flags],
                stderr=out,
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )

    def metrics(self):
        """The page; "" before there is one."""
        found = re.search(r"metrics on port (\d+)", self.log.read_text())
        with contextlib.suppress(OSError):
            if found:
                with urllib.request.urlopen(f"http://127.0.0.1:{found[1]}/metrics", timeout=10) as answer:
                    return answer.read().decode()
        return ""

    def reason(self):
        return self.cluster.set("monitoring", "shardex").annotations.get("shardex.dev/scaler-reason")

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


def test_a_life(server, set_path, tmp_path):
    """From the first decision to SIGTERM: the Lease is held and given back, and a pause is seen at once."""
    with answering([page(shard(objects={"pods": 120}))]) as urls:
        service = Service(server, urls[0], tmp_path / "log")
        try:
            eventually(lambda: service.reason() == "Satisfied", 60, service.log.read_text)
            assert "shardex_scaler_leading 1.0" in service.metrics()
            assert 'shardex_scaler_decision_total{reason="Satisfied"} 1.0' in service.metrics()
            assert service.cluster.request("GET", LEASE)["spec"]["holderIdentity"]
            eventually(lambda: server.requests("watch", "statefulsets"), 30)
            body = {"metadata": {"annotations": {PAUSED: "true"}}}
            service.cluster.patch_set("monitoring", "shardex", body)
            eventually(lambda: service.reason() == "Paused", 60, service.log.read_text)
        finally:
            status = service.end()
    log = service.log.read_text()
    assert status == 0, log
    assert "Traceback" not in log
    assert "a dry run" in log
    assert not service.cluster.request("GET", LEASE)["spec"].get("holderIdentity")
