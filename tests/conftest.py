"""Puts tests/ on the import path, so that every test finds helpers.py, and every test in the recordings' zone."""

import logging
import os

import pytest
from kubeconfigs import certificates

os.environ["TZ"] = "UTC"  # what a schedule without a zone is meant in


@pytest.fixture(autouse=True)
def _log():
    """A command sets up the log of its process; here that is everybody's, and the next test finds it as it was."""
    root, noisy = logging.getLogger(), logging.getLogger("urllib3")
    handlers, levels = root.handlers[:], (root.level, noisy.level)
    yield
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    noisy.setLevel(levels[1])
    logging.addLevelName(logging.WARNING, "WARNING")


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """A folder of certificates, to be copied: what changes it changes it for everybody."""
    folder = tmp_path_factory.mktemp("certificates")
    certificates(folder)
    return folder
