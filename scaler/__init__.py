"""Says how many shards a cluster needs and why, or sets it.

May live here: what observes a shard set, decides on its size and changes it. May not: anything that the exporter runs;
of shardex it knows the Kubernetes API and the telemetry, and of its code only which shard holds an object.
"""
