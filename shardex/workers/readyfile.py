"""A file that is there while the pod is ready, for probes that have no credentials to show at a locked door."""

import contextlib
import logging
import os
import tempfile
from pathlib import Path

log = logging.getLogger(__name__)


class ReadyFile:
    """The file of --ready-file; "" is none.

    The supervisor's, since it outlives whatever else may die while the file is there.
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path) if path else None
        self._fault = ""

    def show(self, ready: bool) -> None:
        """Make it so. What fails is logged once, and tried again with the next call."""
        if self._path is None:
            return
        fault = ""
        try:
            # Looked at each time: one that somebody took away would leave the pod unready for good.
            if ready != self._path.exists():
                _put(self._path) if ready else self._path.unlink(missing_ok=True)
        except OSError as error:
            fault = f"--ready-file={self._path}: {error.strerror}"
        if fault and fault != self._fault:
            log.error("%s: probes are told the pod is %s", fault, "not ready" if ready else "ready")
        self._fault = fault


def faults(path: str) -> list[str]:
    """Why the file could not be kept; it is left as it is."""
    if not path:
        return []
    if Path(path).is_dir():
        return [f"--ready-file={path}: a directory; name a file in it"]
    try:
        with tempfile.TemporaryFile(dir=Path(path).parent):
            return []
    except OSError as error:
        return [
            f"--ready-file={path}: {error.strerror}; name a file in a directory that is there and can be written to"
        ]


def _put(path: Path) -> None:
    """Whole or not at all: written beside it and renamed."""
    number, beside = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(number, "w") as file:
            file.write("ready\n")
        os.replace(beside, path)  # noqa: PTH105  both are paths already
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(beside)  # noqa: PTH108
        raise
