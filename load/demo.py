"""`make demo`: a synthetic cluster and shardex on it, side by side, until Ctrl-C."""

import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import click

from load.processes import end
from load.signals import deaf, interruptible

_READY_SECONDS = 120.0


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--nodes", default=200, show_default=True, help="Nodes of the cluster.")
@click.option("--pods", default=3000, show_default=True, help="Pods of the cluster; everything else follows.")
@click.option("--churn", default="20/s", show_default=True, help="Changes a second.")
@click.option("--workers", default=2, show_default=True, help="Workers of shardex.")
@click.option("--port", default=8080, show_default=True, help="Port of the cluster's metrics.")
@click.option("--telemetry-port", default=8081, show_default=True, help="Port of shardex's own metrics.")
@click.option("--seconds", default=0.0, help="Stop by itself after so long; 0 runs until Ctrl-C.")
def demo(nodes: int, pods: int, churn: str, workers: int, port: int, telemetry_port: int, seconds: float) -> None:
    """Run a synthetic cluster and shardex on it, and show where to look."""
    interruptible()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="shardex-demo-") as folder:
        running: list[subprocess.Popen[bytes]] = []
        try:
            print(f"cluster   {nodes} nodes, {pods} pods, {churn} changes ...", flush=True)
            url = _cluster(running, Path(folder), nodes, pods, churn)
            print(f"          an API server at {url}", flush=True)
            log = Path(folder) / "shardex.log"
            start(running, log, url, workers, port, telemetry_port)
            _progress(running[-1], log, telemetry_port)
            print(f"ready     {time.monotonic() - started:.1f} s after the start, {workers} workers")
            _show(port, telemetry_port)
            deadline = time.monotonic() + seconds if seconds else float("inf")
            while time.monotonic() < deadline:
                for process in running:
                    if process.poll() is not None:
                        raise click.ClickException(f"a process ended: {log.read_text(errors='replace')[-2000:]}")
                time.sleep(0.2)
        except KeyboardInterrupt:
            print("\nstopping ...", flush=True)
        finally:
            deaf()
            end(running)
    print("nothing is left running")


def _cluster(running: list[subprocess.Popen[bytes]], folder: Path, nodes: int, pods: int, churn: str) -> str:
    place = folder / "url"
    command = [sys.executable, "-m", "load", "serve", "--port", "0", "--url-file", str(place)]
    command += ["--nodes", str(nodes), "--pods", str(pods), "--churn", churn]
    # A session of its own: Ctrl-C reaches this process alone, which ends the others in order.
    with (folder / "cluster.log").open("wb") as log:
        running.append(subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True))
    deadline = time.monotonic() + _READY_SECONDS
    while not place.exists() or not place.read_text().strip():
        if running[-1].poll() is not None or time.monotonic() > deadline:
            raise click.ClickException("the cluster did not start: " + (folder / "cluster.log").read_text()[-2000:])
        time.sleep(0.05)
    return place.read_text().strip()


def start(
    running: list[subprocess.Popen[bytes]], log: Path, url: str, workers: int, port: int, telemetry_port: int
) -> None:
    """Start shardex; it is added to what runs."""
    command = [sys.executable, "-m", "shardex", f"--apiserver={url}", f"--workers={workers}", f"--port={port}"]
    command += [f"--telemetry-port={telemetry_port}"]
    with log.open("wb") as out:
        running.append(subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True))


def _progress(process: subprocess.Popen[bytes], log: Path, telemetry_port: int) -> None:
    """Show what is still to be listed until everything was."""
    deadline = time.monotonic() + _READY_SECONDS
    said = ""
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise click.ClickException("shardex did not start:\n" + log.read_text(errors="replace")[-3000:])
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{telemetry_port}/readyz", timeout=10):
                return
        except urllib.error.HTTPError as error:
            waiting = [
                line.split(":")[1].strip() for line in error.read().decode().splitlines() if line.startswith("  ")
            ]
            kinds = sorted(set(waiting))
            now = f"syncing   {len(kinds)} kinds to go: {', '.join(kinds[:4])}{' ...' if len(kinds) > 4 else ''}"
        except OSError:
            now = "starting  shardex"
        if now != said:
            print(now, flush=True)
            said = now
        time.sleep(0.1)
    raise click.ClickException("shardex was not ready in time:\n" + log.read_text(errors="replace")[-3000:])


def _show(port: int, telemetry_port: int) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        lines = answer.read().split(b"\n")
    families = sum(line.startswith(b"# TYPE") for line in lines)
    samples = sum(bool(line) and not line.startswith(b"#") for line in lines)
    print(f"scrape    {families} families, {samples} samples")
    print(
        f"""
  the cluster's metrics   http://127.0.0.1:{port}/metrics
  of some resources       http://127.0.0.1:{port}/metrics?resources=nodes,deployments
  how it stands           http://127.0.0.1:{telemetry_port}/status
  shardex's own           http://127.0.0.1:{telemetry_port}/metrics
  is it ready?            http://127.0.0.1:{telemetry_port}/readyz

Ctrl-C stops everything.""",
        flush=True,
    )
