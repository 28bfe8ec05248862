"""`python -m load pictures`: docs/images anew, of a synthetic cluster, in a headless Chromium."""

import contextlib
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import click

from load import testing
from load.browser import browsing, executable
from load.demo import start
from load.processes import end
from load.signals import interruptible

_READY_SECONDS = 120.0
#: file -> width, height, dark
_STATUS = {
    "status-light.png": (1120, 720, False),
    "status-dark.png": (1120, 720, True),
    "status-phone.png": (390, 780, False),
}


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--into", type=click.Path(path_type=Path, file_okay=False), default="docs/images", show_default=True, help="Folder."
)
@click.option("--pods", default=20_000, show_default=True, help="Pods of the cluster; everything else follows.")
@click.option(
    "--port", default=18080, show_default=True, help="Port of the cluster's metrics; the next is shardex's own."
)
def pictures(into: Path, pods: int, port: int) -> None:
    """Take the pictures of the status page that the documentation shows."""
    interruptible()
    browser = executable()
    if browser is None:
        raise click.ClickException("no Chromium here: .ci/tools .venv/debian unpacks one where there is apt-get")
    into.mkdir(parents=True, exist_ok=True)
    with _shardex(pods, port) as url, browsing(browser) as page:
        for name, (width, height, dark) in _STATUS.items():
            page.open(url, width, height, dark)
            page.screenshot(into / name)
            print(f"{into / name}  {(into / name).stat().st_size} bytes")


@contextlib.contextmanager
def _shardex(pods: int, port: int) -> Iterator[str]:
    """The status page of a shardex with four workers that is ready, on a cluster that changes."""
    running: list[subprocess.Popen[bytes]] = []
    with tempfile.TemporaryDirectory(prefix="pictures-") as folder, testing.running(pods=pods, churn="50/s") as server:
        log = Path(folder) / "log"
        try:
            start(running, log, server.url, 4, port, port + 1)
            deadline = time.monotonic() + _READY_SECONDS
            while not _ready(port + 1):
                if running[0].poll() is not None or time.monotonic() > deadline:
                    raise click.ClickException(f"shardex is not ready:\n{log.read_text()[-3000:]}")
                time.sleep(0.2)
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as scrape:
                scrape.read()  # the first one folds: from here on the numbers are those of a pod that is scraped
            yield f"http://127.0.0.1:{port + 1}/status"
        finally:
            end(running)


def _ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10):
            return True
    except (urllib.error.HTTPError, OSError):
        return False
