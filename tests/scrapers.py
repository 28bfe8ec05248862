"""Prometheus, VictoriaMetrics and their checkers, as Debian has them: .ci/tools unpacks them into .venv/debian."""

import contextlib
import json
import shutil
import socket
import subprocess
from pathlib import Path
from urllib.parse import urlencode

import pytest
import yaml
from tree import ROOT, get

_UNPACKED = ROOT / ".venv" / "debian" / "usr" / "bin"


def tool(name):
    """Path of one of the programs."""
    found = shutil.which(name) or shutil.which(name, path=str(_UNPACKED))
    if not found:
        pytest.skip(f"{name} is not here: .ci/tools .venv/debian unpacks it where there is apt-get")
    return found


def told(*command, text=None):
    """What a checker says and its exit status."""
    done = subprocess.run(
        [tool(command[0]), *map(str, command[1:])], input=text, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


class _Scraper:
    """A running server with Prometheus' API; all it writes is in the directory, and is nothing when it is over."""

    def __init__(self, program, directory, *flags):
        directory = Path(directory)
        self._log_path = directory / "log"
        self._log = self._log_path.open("w")
        self.process = subprocess.Popen(
            [tool(program), *flags], stdout=self._log, stderr=self._log, cwd=directory, stdin=subprocess.DEVNULL
        )

    def close(self):
        self.process.kill()  # nothing of it is kept
        self.process.wait()
        self._log.close()

    def log(self):
        return self._log_path.read_text()

    def api(self, path, **query):
        """The data of an answer; None while it does not answer, or not well."""
        assert self.process.poll() is None, self.log()
        with contextlib.suppress(OSError):
            answer = get(self.port, f"/api/v1/{path}?{urlencode(query)}")
            if answer.status == 200:
                return json.loads(answer.body)["data"]
        return None

    def vector(self, query):
        """An instant query's samples."""
        return (self.api("query", query=query) or {}).get("result", [])

    def value(self, query):
        """An instant query's only value; None while there is none."""
        found = self.vector(query)
        return float(found[0]["value"][1]) if found else None


def _free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


class Prometheus(_Scraper):
    def __init__(self, directory, config):
        self.port = _free_port()
        path = Path(directory) / "prometheus.yml"
        path.write_text(yaml.safe_dump(config))
        listen = f"--web.listen-address=127.0.0.1:{self.port}"
        super().__init__(
            "prometheus", directory, listen, f"--config.file={path}", f"--storage.tsdb.path={directory}/data"
        )


class VictoriaMetrics(_Scraper):
    """A single node, which is store and vmagent in one."""

    def __init__(self, directory, config, *flags):
        self.port = _free_port()
        path = Path(directory) / "scrape.yml"
        path.write_text(yaml.safe_dump(config))
        super().__init__(
            "victoria-metrics",
            directory,
            f"-httpListenAddr=127.0.0.1:{self.port}",
            f"-promscrape.config={path}",
            f"-storageDataPath={directory}/data",
            "-search.latencyOffset=0s",  # else what was scraped in the last half minute is not answered with
            "-loggerLevel=WARN",
            *flags,
        )
