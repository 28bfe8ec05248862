"""A certificate or key in memory, for a library that reads files only."""

import os


class PemFile:
    """PEM text as a file that never touches a disk; its path lives as long as the context."""

    def __init__(self, text: str) -> None:
        self._fd = os.memfd_create("pem", os.MFD_CLOEXEC)
        os.write(self._fd, text.encode())

    def __enter__(self) -> str:
        return f"/proc/self/fd/{self._fd}"

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)
