"""The Prometheus text format: families, their text, and which of them are kept.

May live here: what turns numbers and strings into exposition text.
May not: anything that knows Kubernetes, does I/O, or keeps state beyond caches of pure functions.
"""
