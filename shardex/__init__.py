"""The Kubernetes state exporter for clusters too large for one process."""

__version__ = "0.1.0"
