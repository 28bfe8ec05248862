"""What the exporter costs: CPU, memory, bytes and seconds, measured from outside, beside targets and a peer's figures.

May live here: scenarios, how a process tree is measured, scrapers, targets, reports, the guard against regressions.
May not: imports of shardex or scaler. The exporter is a command, measured like any other one that is given as a peer.

    histogram figures targets    numbers: percentiles, what was measured, what is wanted; pure
    usage machine                CPU and memory of a process tree, and of the machine around it
    subject exporter scraper     what is measured: a command line, the processes of it, who reads from it
    run costing                  what a scenario is given; what a start costs, which most of them are made of
    starting scraping churning extending growing    the scenarios; `scenarios` is their table
    results report plot          JSON, tables, Markdown, pictures
    guard                        `python -m load bench-check`
    command screen               `python -m load bench`, and what it shows meanwhile
"""
