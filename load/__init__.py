"""A synthetic Kubernetes cluster behind an API server over HTTP: the edge of every test, demo and benchmark.

May live here: seeded objects, the cluster's state and history, the API server that serves them, churn and faults.
May not: imports of shardex or scaler. What they send and read goes through HTTP, so a fault of theirs cannot hide here.

    kinds text                    what is served; one object as pieces of JSON that many objects share
    collection cluster            objects, resource versions, history, snapshots; pure
    objects/ replay               seeded generators of all that a real cluster holds; recorded lists instead
    churn profiles                what changes while time passes, and how fast
    target selectors view status  what a request means, and the words of its answer
    list watch feed write body    the verbs
    reviews discovery audit       who may, what there is, who asked
    faults answer                 what goes wrong on request; how bytes leave
    apiserver control             the HTTP edge, and its control at /_load/
    browser pictures              pages in a headless Chromium, and their pictures for the documentation
    testing                       a server in a process of its own, for the length of a `with`
"""
