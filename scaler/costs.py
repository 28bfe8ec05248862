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

# Processes, measured with 1, 2 and 4 workers, 0 to 18,000 objects and 1 to 32 kinds; bytes. The processes of a pod are
# forks of one, and what they never write they share: the more there are, the less is each one's part.
POD = (32.4e6, 6.0e6)  # supervisor and front: the first, and the second divided by the workers
WORKER = (12.7e6, 3.3e6)  # one that has listed nothing, in the same way
KIND = 0.1e6  # of a worker for each kind that has objects: its decoder, its renderer, its thread
WARM = (
    9e6,
    3e6,
)  # caches of a worker and what its heap keeps: the most, and the bytes of text after which 63 % is there
OBJECT = 450.0  # in a worker, beyond what its store tells: the entry by uid, the page's slot
TRANSIENT = 1.5e6  # of a worker's start: what is being decoded; 3 MB where the server lists in pages

# Standard deviations: of another cluster's pods, workers and objects, and of what equal workers differ by.
POD_SD, WORKER_SD, OBJECT_SD, NOISE = 4e6, 3e6, 200.0, 2e6
MISFIT = 0.03  # of a prediction, however much was told: the model is a line, and allocators are not

# CPU: 8,000 pods and their like listed by shard 0 of 1, 2 and 4 took 2.2, 1.3 and 1.0 s.
UNSHARDED = 0.22  # part of the work on an object that every shard does: the stream is read by all of them
LIST_SECONDS = 117e-6  # an object, from the list to its place in the store
# 179 MB of text not compressed in 0.5 s at most, which is a target that the benchmarks hold; gzip is ten times faster.
SCRAPE_SECONDS = 0.5 / 179e6
