"""Keeps the text: compressed, family by family, in memory that the front can read.

May live here: pages, stores, the shared arena, and what a worker publishes of them.
May not: anything that knows Kubernetes, HTTP or processes; a store is given its render function.
"""
