"""The files that the settings come from: which they are, whether they changed, and what became of it.

Looked at once a second instead of with inotify: Kubernetes swaps a link in a directory above, file systems of other
machines tell nothing, and a stat costs a microsecond.
"""

import hashlib
import os
import stat
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from shardex.options import Options
from shardex.workers.notice import Notice

_LOOK_SECONDS = 1.0
_RETRY_SECONDS = 30.0  # why a reload was refused may be mended elsewhere: an API server that was away, a mount

CONFIG, CUSTOM, KUBECONFIG = "config", "customresourceconfig", "kubeconfig"  # the first two are the peer's words

Stamp = tuple[int, int, int, int] | None  # of what the path leads to, links followed; None when that is no file


class File(NamedTuple):
    """A file by its use, and its path as the setting has it."""

    type: str
    path: str


class State(NamedTuple):
    """A file at one moment; the digest is the MD5 of its content, empty when it cannot be read."""

    stamp: Stamp
    digest: bytes


class Reloaded(msgspec.Struct, frozen=True):
    """One file as the telemetry page shows it.

    hash        of what is in effect, None when there never was anything or it is nobody's business
    successful  whether what was last read of it is in effect
    since       Unix seconds of the last success; 0 when there was none
    """

    type: str
    path: str
    hash: int | None
    successful: bool
    since: float


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[Reloaded, ...]).decode


def files(options: Options) -> tuple[File, ...]:
    """What is watched: each file that a setting names."""
    # Beside the flag with the YAML itself the file is not read.
    custom = "" if options.custom_resource_state_config else options.custom_resource_state_config_file
    named = ((CONFIG, options.config), (CUSTOM, custom), (KUBECONFIG, options.kubeconfig))
    return tuple(File(type, path) for type, path in named if path)


def look(found: Iterable[File]) -> dict[File, State]:
    """The files as they are. The stamp is the older half: what is written in between counts as a change."""
    return {file: State(_stamp(file.path), _digest(file.path)) for file in found}


def reloads(notice: Notice) -> tuple[Reloaded, ...]:
    """What the watch of another process posted."""
    posted = notice.read()
    return _decode(posted) if posted else ()


class Watch:
    """The watched files of a running tree; the one process that has it posts what all may know.

    before  the files from before they were read for the first time
    clock   Unix seconds of now; everything else is monotonic
    """

    def __init__(self, notice: Notice, before: Mapping[File, State], clock: float) -> None:
        self._notice = notice
        self._effect = self._tried = dict(before)
        self._seen = _stamps(before)
        self._next = self._retry = 0.0
        self._since = clock
        self._post(frozenset())

    def due(self, now: float) -> bool:
        """Whether to reload: a file says something else than at the last try, or it is time to try that again."""
        if now < self._next:
            return False
        self._next = now + _LOOK_SECONDS
        before, self._seen = self._seen, {file: _stamp(file.path) for file in self._effect}
        if self._seen != before:  # somebody may be writing still
            return False
        if self._seen != _stamps(self._tried):
            state = look(self._effect)
            if _digests(state) != _digests(self._effect):
                return True
            # Touched, or back to what is in effect: a reload would list the whole cluster for nothing.
            self._effect = self._tried = state
            self._retry = 0.0
            self._post(frozenset())
        return bool(self._retry) and now >= self._retry

    def trying(self) -> None:
        """A reload is about to read the files."""
        self._tried = look(self._effect)

    def taken(self, options: Options, clock: float) -> None:
        """What was read is in effect, and may name other files."""
        known, named = self._tried, files(options)
        self._effect = self._tried = look(file for file in named if file not in known) | {
            file: known[file] for file in named if file in known
        }
        self._seen = _stamps(self._effect)
        self._retry = 0.0
        self._since = clock
        self._post(frozenset())

    def refused(self, now: float) -> None:
        """What was read is not in effect: the fault of what changed, or else of all that was read."""
        changed = {file for file, state in self._tried.items() if state.digest != self._effect[file].digest}
        self._retry = now + _RETRY_SECONDS
        self._post(frozenset(changed or self._effect))

    def _post(self, bad: frozenset[File]) -> None:
        rows = [
            Reloaded(
                file.type,
                os.path.normpath(file.path),
                # As the peer shows it: 48 bits, which a float holds. Not of a file with a password in it.
                int.from_bytes(state.digest[:6], "little") if state.digest and file.type != KUBECONFIG else None,
                file not in bad,
                self._since if state.digest else 0.0,
            )
            for file, state in self._effect.items()
            if state.digest or file in bad
        ]
        self._notice.post(_encode(rows))


def _stamps(states: Mapping[File, State]) -> dict[File, Stamp]:
    return {file: state.stamp for file, state in states.items()}


def _digests(states: Mapping[File, State]) -> dict[File, bytes]:
    return {file: state.digest for file, state in states.items()}


def _stamp(path: str) -> Stamp:
    try:
        found = os.stat(path)  # noqa: PTH116  once a second and file, without a Path each time
    except OSError:
        return None
    return (found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size) if stat.S_ISREG(found.st_mode) else None


def _digest(path: str) -> bytes:
    if _stamp(path) is None:  # a pipe would give its content to us instead of to who is to read it
        return b""
    try:
        with open(path, "rb") as file:  # noqa: PTH123  as above
            return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).digest()
    except OSError:
        return b""
