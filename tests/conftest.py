"""Puts tests/ on the import path, so that every test finds helpers.py, and every test in the recordings' zone."""

import os

os.environ["TZ"] = "UTC"  # what a schedule without a zone is meant in
