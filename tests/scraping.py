"""Scrapes in the background of a test, so that what happens between two of its lines is seen."""

import threading

from tree import eventually


class Scraping:
    """Scrapes in the background, about ten a second; `answers` has each with its time."""

    def __init__(self, tree):
        self._tree = tree
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.answers = []
        self._fault = None

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()
        if self._fault:
            raise self._fault

    def _run(self):
        try:
            while not self._stop.wait(0.1):
                self.answers.append(self._tree.metrics(accept_encoding="gzip"))
        except BaseException as error:
            self._fault = error

    def more(self, count):
        """Wait for so many scrapes from now."""
        wanted = len(self.answers) + count
        eventually(lambda: len(self.answers) >= wanted or self._fault, 60.0, "scrapes")
