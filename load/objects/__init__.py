"""Seeded generators of what a real cluster holds, in its proportions and with its owners.

May live here: names, documents of every kind, and the world that keeps them consistent. The same seed gives the same
bytes: no clock, no randomness but the world's.
May not: HTTP, history, resource versions of changes; the cluster gives those.
"""
