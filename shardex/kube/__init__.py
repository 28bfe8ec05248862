"""Talks to the API server; knows no metrics.

May live here: endpoints and credentials, lists and watches, the ladder of their faults, the pieces every object shares.
May not: families, stores, processes.
"""
