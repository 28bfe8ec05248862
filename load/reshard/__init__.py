"""Plays a StatefulSet of shardex pods that grows and shrinks, and counts what every scrape lost, doubled or got wrong.

May live here: the parts of a cluster that act on a StatefulSet (its controller, the kubelet, a scaler), the scrapes and
their judge. May not: anything of shardex or of its scaler but their processes, annotations and HTTP.
"""
