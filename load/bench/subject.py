"""What is measured: an exporter as a command line with places to fill in, or one that runs already."""

import shlex
import sys
from string import Formatter

import msgspec

PEER_NAME = "peer"

_PLACES = frozenset({"apiserver", "port", "telemetry_port"})


class Subject(msgspec.Struct, frozen=True):
    """One exporter.

    command   words with {apiserver} (a URL), {port} and {telemetry_port} to fill in; empty for one that runs already
    url       of the metrics of one that runs already
    pid       of it; 0 when unknown: then neither CPU nor memory is measured
    scales    whether it takes --workers
    """

    name: str
    command: tuple[str, ...] = ()
    url: str = ""
    pid: int = 0
    scales: bool = False

    @property
    def has_telemetry(self) -> bool:
        return any("{telemetry_port}" in word for word in self.command)

    def words(self, apiserver: str, port: int, telemetry_port: int) -> list[str]:
        """The command line for this server and these ports."""
        places = {"apiserver": apiserver, "port": port, "telemetry_port": telemetry_port}
        return [word.format_map(places) for word in self.command]


SHARDEX = Subject(
    "shardex",
    (
        *(sys.executable, "-m", "shardex", "--apiserver={apiserver}"),
        *("--host=127.0.0.1", "--port={port}", "--telemetry-host=127.0.0.1", "--telemetry-port={telemetry_port}"),
    ),
    scales=True,
)


def peer(text: str, pid: int = 0) -> Subject:
    """The exporter that `--peer` names; raise ValueError with what is wrong with it."""
    if text.startswith("https://"):
        raise ValueError("only http: a scrape over TLS would measure the TLS")
    if text.startswith("http://"):
        return Subject(PEER_NAME, url=text, pid=pid)
    if pid:
        raise ValueError("a process id goes with a URL; of a command it is known")
    words = tuple(shlex.split(text))
    try:
        places = {place for word in words for _, place, _, _ in Formatter().parse(word) if place is not None}
    except ValueError as error:
        raise ValueError(f"{text!r}: {error}") from None
    if not {"apiserver", "port"} <= places <= _PLACES:
        raise ValueError("a command needs {apiserver} and {port}, may have {telemetry_port}, and no other braces")
    return Subject(PEER_NAME, words)
