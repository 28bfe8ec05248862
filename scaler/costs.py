"""What an object costs where no shard has told it yet: recorded once, from shards on a synthetic cluster.

The cluster is that of `python -m load serve --pods 8000`: 12 kB of JSON a pod, everything else in the proportions of
a real one; `python -m load predict --costs` records it anew. A cluster's own shards outweigh these numbers with the
first hundred objects.
"""

import msgspec


class Cost(msgspec.Struct, frozen=True):
    """One object of a kind.

    stored_bytes  compressed segments and their index
    text_bytes    of its exposition, uncompressed
    """

    stored_bytes: float
    text_bytes: float
    series: float


#: objects after which what was told weighs as much as what is assumed
HALF = 30
#: how far an assumed cost of another cluster may lie off, as a part of it
SPREAD = 0.4

OTHER = Cost(300, 1200, 8)  # of custom resources, with a handful of families

KINDS = {
    "certificatesigningrequests": Cost(205, 684, 5),
    "clusterrolebindings": Cost(271, 275, 3),
    "clusterroles": Cost(256, 183, 3),
    "configmaps": Cost(75, 270, 3),
    "cronjobs": Cost(225, 947, 10),
    "daemonsets": Cost(377, 914, 10),
    "deployments": Cost(291, 2107, 19),
    "endpoints": Cost(127, 1223, 9),
    "endpointslices": Cost(227, 2457, 9),
    "horizontalpodautoscalers": Cost(295, 2751, 19),
    "ingressclasses": Cost(240, 150, 2),
    "ingresses": Cost(138, 560, 5),
    "jobs": Cost(301, 1311, 14),
    "leases": Cost(36, 232, 2),
    "limitranges": Cost(97, 1099, 9),
    "mutatingadmissionpolicies": Cost(344, 281, 2),
    "mutatingadmissionpolicybindings": Cost(357, 312, 2),
    "mutatingwebhookconfigurations": Cost(461, 574, 4),
    "namespaces": Cost(70, 214, 3),
    "networkpolicies": Cost(75, 274, 3),
    "nodes": Cost(312, 2982, 31),
    "persistentvolumeclaims": Cost(143, 961, 7),
    "persistentvolumes": Cost(289, 1641, 11),
    "poddisruptionbudgets": Cost(147, 650, 6),
    "pods": Cost(1759, 9283, 51),
    "replicasets": Cost(214, 843, 8),
    "replicationcontrollers": Cost(1316, 962, 9),
    "resourcequotas": Cost(112, 984, 9),
    "rolebindings": Cost(78, 299, 3),
    "roles": Cost(77, 215, 3),
    "secrets": Cost(107, 461, 5),
    "serviceaccounts": Cost(129, 280, 2),
    "services": Cost(171, 453, 3),
    "statefulsets": Cost(257, 1203, 12),
    "storageclasses": Cost(188, 210, 2),
    "validatingadmissionpolicies": Cost(331, 262, 2),
    "validatingadmissionpolicybindings": Cost(524, 456, 3),
    "validatingwebhookconfigurations": Cost(471, 590, 4),
    "volumeattachments": Cost(311, 920, 6),
}

# Processes, measured with 1, 2 and 4 workers and 0 to 18,000 objects: (mean, standard deviation), bytes.
POD = (36e6, 4e6)  # supervisor and front
EMPTY = 53e6  # a pod with one worker that has listed nothing at all
WORKER = (25e6, 3e6)  # once it has listed the first objects of every kind
OBJECT = (450.0, 250.0)  # in a worker, beyond what its store tells: the entry by uid, the page's slot
NOISE = 2e6  # by which equal workers differ
MISFIT = 0.03  # of a prediction, however much was told: the model is a line, and allocators are not
TRANSIENT = 3e6  # of a worker's start: the pages that are being decoded

# CPU: 8,000 pods and their like listed by shard 0 of 1, 2 and 4 took 2.2, 1.3 and 1.0 s.
UNSHARDED = 0.22  # part of the work on an object that every shard does: the stream is read by all of them
LIST_SECONDS = 117e-6  # an object, from the list to its place in the store
# 179 MB of text not compressed in 0.5 s at most, which is a target that the benchmarks hold; gzip is ten times faster.
SCRAPE_SECONDS = 0.5 / 179e6
