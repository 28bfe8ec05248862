"""A headless Chromium, for tests of pages and for their pictures: Debian's, which .ci/tools unpacks.

It is spoken to over its debugging pipe: JSON messages that end with a zero byte, on file descriptors 3 and 4.
"""

import base64
import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_UNPACKED = Path(__file__).resolve().parent.parent / ".venv" / "debian"
_NAMES = ("chromium-headless-shell", "chromium")
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--ignore-certificate-errors",
    "--remote-debugging-pipe",
)
# Of a machine that may have no fonts and no settings for them; the same letters everywhere.
_FONTS = """<fontconfig><dir>{}/usr/share/fonts</dir><dir>/usr/share/fonts</dir><cachedir>{}</cachedir>
<match><edit name="family" mode="append_last"><string>Liberation Sans</string></edit></match></fontconfig>"""
_END_SECONDS = 10.0
_SECONDS = 60.0  # for one command; the first waits for the start of a browser on a busy machine


class BrowserError(Exception):
    """What the browser cannot do, in its words."""


def executable() -> str | None:
    """Path of an installed browser or the unpacked one; None where there is neither, or it lacks a library."""
    unpacked = _UNPACKED / "usr/lib/chromium"
    found = (shutil.which(name) or shutil.which(name, path=str(unpacked)) for name in _NAMES)
    return next((path for path in found if path and _starts(path)), None)


def _starts(path: str) -> bool:
    try:
        said = subprocess.run(
            [path, "--version"], env=_environment(), capture_output=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return said.returncode == 0


def _environment() -> dict[str, str]:
    libraries = [str(path) for one in _UNPACKED.glob("usr/lib/*-linux-gnu") for path in (one, one / "pulseaudio")]
    return {**os.environ, "LD_LIBRARY_PATH": ":".join(libraries)} if libraries else dict(os.environ)


class Page:
    """The browser's one page.

    width, height  of the window in CSS pixels
    """

    def __init__(self, to: int, answers: int) -> None:
        self._to, self._answers = to, answers
        self._number = 0
        self._read = b""
        self._session = ""
        target = self._send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def open(self, url: str, width: int = 1280, height: int = 800, dark: bool = False) -> None:
        """Load a page and wait until it is there."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self._send("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._send("Emulation.setEmulatedMedia", features=[scheme])
        failed = self._send("Page.navigate", url=url).get("errorText")
        if failed:
            raise BrowserError(f"{url}: {failed}")
        if self.evaluate("location.href") != url:
            raise BrowserError(f"{url}: led to another page")

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression once the page is whole, which one that refreshes itself may not be now.

        The page's own policy does not bind the expression.
        """
        when_whole = f"document.readyState === 'complete' ? {{value: ({expression})}} : null"
        deadline = time.monotonic() + _SECONDS
        while True:
            try:
                answer = self._send("Runtime.evaluate", expression=when_whole, returnByValue=True)
            except BrowserError as error:
                if "context" not in str(error):  # of the page before, which is gone
                    raise
                answer = {"result": {"value": None}}
            if "exceptionDetails" in answer:
                raise BrowserError(f"{expression}: {answer['exceptionDetails']}")
            if answer["result"].get("value") is not None:
                return answer["result"]["value"].get("value")
            if time.monotonic() > deadline:
                raise BrowserError(f"the page is not whole within {_SECONDS:.0f} s")
            time.sleep(0.01)

    def screenshot(self, path: Path, whole: bool = False) -> None:
        """The window, or all that can be scrolled to, as PNG."""
        answer = self._send("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(answer["data"]))

    def _send(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + _SECONDS
        while True:
            answer = self._receive(deadline)
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error']['message']}")
                result: dict[str, Any] = answer["result"]
                return result

    def _receive(self, deadline: float) -> dict[str, Any]:
        while b"\0" not in self._read:
            if not select.select([self._answers], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise BrowserError(f"no answer within {_SECONDS:.0f} s")
            data = os.read(self._answers, 1 << 20)
            if not data:
                raise BrowserError("it ended")
            self._read += data
        message, _, self._read = self._read.partition(b"\0")
        answer: dict[str, Any] = json.loads(message)
        return answer


@contextlib.contextmanager
def browsing(path: str) -> Iterator[Page]:
    """A browser for the length of a `with`; nothing of it stays.

    path   of the executable
    """
    with tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True) as folder:
        fonts = Path(folder, "fonts.conf")
        fonts.write_text(_FONTS.format(_UNPACKED, folder))
        own = {"HOME": folder, "XDG_CONFIG_HOME": folder, "XDG_CACHE_HOME": folder, "FONTCONFIG_FILE": str(fonts)}
        command = [path, *_FLAGS, f"--user-data-dir={folder}", "about:blank"]
        pid, to, answers = _spawn(command, _environment() | own)
        try:
            yield Page(to, answers)
        finally:
            with contextlib.suppress(OSError):
                os.write(to, b'{"id": 0, "method": "Browser.close"}\0')
            os.close(to)
            os.close(answers)
            _bury(pid, time.monotonic() + _END_SECONDS)


def _spawn(command: list[str], environment: dict[str, str]) -> tuple[int, int, int]:
    """Start it with its ends of the pipes where it looks for them; the process and our ends."""
    theirs = []
    read, to = os.pipe()
    answers, write = os.pipe()
    for end in (read, write):  # out of the way of 3 and 4
        theirs.append(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10))
        os.close(end)
    null = os.open(os.devnull, os.O_RDWR)
    places = [(null, 0), (null, 1), (null, 2), (theirs[0], 3), (theirs[1], 4)]
    actions = [(os.POSIX_SPAWN_DUP2, end, place) for end, place in places]
    try:
        pid = os.posix_spawn(command[0], command, environment, file_actions=actions, setsid=True)
    finally:
        for end in (null, *theirs):
            os.close(end)
    return pid, to, answers


def _bury(pid: int, deadline: float) -> None:
    while not os.waitpid(pid, os.WNOHANG)[0]:
        if time.monotonic() > deadline:
            os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return
        time.sleep(0.02)
