"""Runs the processes: one worker a shard, and the supervisor that keeps them.

May live here: what a process does from fork to exit, and what is decided of it.
May not: metric text, HTTP answers; a worker publishes, serving/ answers.
"""
