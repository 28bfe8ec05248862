"""What people see of shardex and by it: dashboards, defined once and written in each tool's form; the alerts' wrapper.

Here: definitions and their writers, which run when a file is made. May not: import the exporter, or run with it.
"""
