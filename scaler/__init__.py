"""How many shards a cluster needs, and why; or sees to it that there are as many.

observe (the only reader) -> recommend (pure) -> decide (pure) -> apply (the only writer). Times and the past are
arguments everywhere between the two ends.

May not: touch what shardex serves; know anything of it but its telemetry page and the StatefulSet it runs in.
"""
