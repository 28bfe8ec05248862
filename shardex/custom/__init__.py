"""Metrics of custom resources, as a configuration file describes them: text in, families and render functions out.

May live here: the configuration and its faults, paths into objects, the three metric types, which kinds are served.
May not: I/O, threads, requests; who finds the definitions and who lists the objects calls this package.
"""
