"""Answers: merges what the workers published and serves it.

May live here: the front's process, HTTP answers, the merger, shardex's own telemetry.
May not: Kubernetes objects or lists; nothing is rendered, sorted or parsed during a scrape.
"""
