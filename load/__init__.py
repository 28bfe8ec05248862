"""A synthetic Kubernetes cluster behind an API server over HTTP: the edge of every test, demo and benchmark.

May live here: seeded objects, the cluster's state and history, the API server that serves them, churn and faults.
May not: imports of shardex or scaler. What they send and read goes through HTTP, so a fault of theirs cannot hide here.

    kinds      what is served: group, version, plural, scope
    text       one object as pieces of JSON; patterns that many objects share
    cluster    objects, resource versions, history, snapshots; pure
    objects/   seeded generators of everything a real cluster holds
    replay     recorded lists instead of generated objects
    churn      what changes while time passes
    apiserver  the HTTP edge: list, watch, write, discovery, reviews, faults, control
    testing    a server in a process of its own for the length of a `with`
"""
