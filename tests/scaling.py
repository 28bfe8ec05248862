"""`shardex-scaler run` as a process for the length of a `with`: on a free port, asked over HTTP, and ended."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from tree import ROOT, eventually, get

_PORT = re.compile(r"metrics on port (\d+)")


class Scaler:
    """A running one, once its metrics are served."""

    def __init__(self, process, log_path):
        self.process = process
        self._log_path = log_path
        self.port = int(eventually(self._port, 60.0, self.log)[1])

    def _port(self):
        assert self.process.poll() is None, f"ended with {self.process.returncode}: {self.log()}"
        return _PORT.search(self.log())

    def log(self):
        return self._log_path.read_text()

    def metrics(self):
        return get(self.port, "/metrics").text

    def end(self):
        """Exit status after SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


@contextlib.contextmanager
def scaling(url, *flags):
    """The scaler on an API server; it ends with the block, in order and without a traceback."""
    with tempfile.TemporaryDirectory(prefix="scaler-") as directory:
        log_path = Path(directory) / "log"
        own = (f"--apiserver={url}", *flags, "--metrics-host=127.0.0.1", "--metrics-port=0")
        with log_path.open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "scaler", "run", *own],
                stderr=log,
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
        try:
            scaler = Scaler(process, log_path)
            yield scaler
            assert scaler.end() == 0, scaler.log()
            assert "Traceback" not in scaler.log(), scaler.log()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
