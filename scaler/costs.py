"""What objects and processes cost where no shard has told it yet.

Recorded once, from shards on synthetic clusters (python -m load serve): what an object costs, with 8,000 pods of 12 kB
JSON and everything else in the proportions of a real cluster; what processes cost, with 0 to 18,000 objects of pods
alone, of secrets alone and of all kinds, and 1, 2 and 4 workers. `python -m load predict` holds the numbers against
other clusters. A cluster's own shards outweigh them with its first few hundred objects.
"""

import msgspec


class Cost(msgspec.Struct, frozen=True):
    """One object of a kind.

    segment_bytes  of its exposition as it is kept, compressed; index_bytes of what is kept beside
    text_bytes     of the same, uncompressed
    """

    segment_bytes: float
    index_bytes: float
    text_bytes: float
    series: float

    @property
    def stored_bytes(self) -> float:
        return self.segment_bytes + self.index_bytes


#: objects after which what was told weighs as much as what is assumed
HALF = 30
#: how far an assumed cost of another cluster may lie off, as a part of it
SPREAD = 0.4

OTHER = Cost(180, 120, 1200, 8)  # of custom resources, with a handful of families

KINDS = {
    "certificatesigningrequests": Cost(109, 96, 684, 5),
    "clusterrolebindings": Cost(158, 113, 275, 3),
    "clusterroles": Cost(143, 113, 183, 3),
    "configmaps": Cost(28, 47, 270, 3),
    "cronjobs": Cost(89, 136, 947, 10),
    "daemonsets": Cost(188, 189, 914, 10),
    "deployments": Cost(117, 174, 2107, 19),
    "endpoints": Cost(69, 58, 1223, 9),
    "endpointslices": Cost(162, 65, 2457, 9),
    "horizontalpodautoscalers": Cost(150, 145, 2751, 19),
    "ingressclasses": Cost(124, 116, 150, 2),
    "ingresses": Cost(69, 69, 560, 5),
    "jobs": Cost(137, 164, 1311, 14),
    "leases": Cost(15, 21, 232, 2),
    "limitranges": Cost(75, 22, 1099, 9),
    "mutatingadmissionpolicies": Cost(244, 100, 281, 2),
    "mutatingadmissionpolicybindings": Cost(257, 100, 312, 2),
    "mutatingwebhookconfigurations": Cost(341, 120, 574, 4),
    "namespaces": Cost(23, 47, 214, 3),
    "networkpolicies": Cost(25, 50, 274, 3),
    "nodes": Cost(182, 130, 2982, 31),
    "persistentvolumeclaims": Cost(60, 83, 961, 7),
    "persistentvolumes": Cost(194, 95, 1641, 11),
    "poddisruptionbudgets": Cost(60, 87, 650, 6),
    "pods": Cost(1190, 569, 9283, 51),
    "replicasets": Cost(109, 105, 843, 8),
    "replicationcontrollers": Cost(866, 450, 962, 9),
    "resourcequotas": Cost(73, 39, 984, 9),
    "rolebindings": Cost(28, 50, 299, 3),
    "roles": Cost(27, 50, 215, 3),
    "secrets": Cost(40, 67, 461, 5),
    "serviceaccounts": Cost(64, 65, 280, 2),
    "services": Cost(98, 73, 453, 3),
    "statefulsets": Cost(103, 154, 1203, 12),
    "storageclasses": Cost(99, 89, 210, 2),
    "validatingadmissionpolicies": Cost(231, 100, 262, 2),
    "validatingadmissionpolicybindings": Cost(374, 150, 456, 3),
    "validatingwebhookconfigurations": Cost(351, 120, 590, 4),
    "volumeattachments": Cost(250, 61, 920, 6),
}

# Processes, bytes. Those of a pod are forks of one, and what they never write they share: the more there are, the less
# is each one's part.
POD = (33.5e6, 3.0e6)  # supervisor and front: the first, and the second divided by the workers
WORKER = (13.2e6, 3.5e6)  # one that has listed nothing, in the same way
# Caches of a worker and what its heap keeps: the most, more of it for each kind that has objects, and the bytes of
# segments after which 63 % is there. Compressed, since what repeats fills no cache.
WARM = (9e6, 0.1e6, 0.55e6)
OBJECT = 300.0  # in a worker, beyond what its store tells: the entry by uid, the page's slot
TRANSIENT = 1.5e6  # of a worker's start: what is being decoded; 3 MB where the server lists in pages

# Standard deviations: of another cluster's pods, workers and objects, and of what equal workers differ by.
POD_SD, WORKER_SD, OBJECT_SD, NOISE = 4e6, 3e6, 200.0, 2e6
MISFIT = 0.03  # of a prediction, however much was told: the model is a line, and allocators are not

# CPU: 8,000 pods and their like listed by shard 0 of 1, 2 and 4 took 2.2, 1.3 and 1.0 s.
UNSHARDED = 0.22  # part of the work on an object that every shard does: the stream is read by all of them
LIST_SECONDS = 117e-6  # an object, from the list to its place in the store
# 179 MB of text not compressed in 0.5 s at most, which is a target that the benchmarks hold; gzip is ten times faster.
SCRAPE_SECONDS = 0.5 / 179e6
