"""The table of scenarios, in the order in which they run."""

from collections.abc import Callable
from functools import partial

import msgspec

from load.bench.churning import profile, steady
from load.bench.extending import custom_resources, labels
from load.bench.growing import growth
from load.bench.run import Run
from load.bench.scraping import scrape
from load.bench.starting import empty, everything, pages, start, sync, workers


class Scenario(msgspec.Struct, frozen=True):
    """One scenario.

    title     for people
    seconds   it takes about so long for one subject with 20,000 pods on two cores, 3 starts and intervals of 3 s
    changes   whether it waits for an interval before each scrape
    short     whether it is in the short set
    attaches  whether a peer that runs already, known by its URL only, can take part
    """

    name: str
    title: str
    measure: Callable[[Run], None]
    seconds: int
    changes: bool = False
    short: bool = False
    attaches: bool = False


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("empty", "An empty process tree, 2 workers", empty, 5, short=True),
        Scenario("sync", "The first list, as a stream", sync, 30, short=True),
        Scenario("pages", "The first list, in pages", pages, 30),
        Scenario("start", "Exec to the first whole scrape, 2 workers", start, 35, short=True),
        Scenario("scrape", "Scrapes while nothing changes", scrape, 20, short=True, attaches=True),
        Scenario("churn-10", "10 changes a second", partial(steady, rate=10.0), 35, changes=True),
        Scenario("churn-100", "100 changes a second", partial(steady, rate=100.0), 40, short=True, changes=True),
        Scenario("churn-1000", "1,000 changes a second", partial(steady, rate=1000.0), 110, changes=True),
        Scenario("rollout", "Deployments roll out", partial(profile, name="rollout"), 45, changes=True),
        Scenario("drain", "Nodes are drained", partial(profile, name="drain"), 45, changes=True),
        Scenario("jobstorm", "Jobs come and go", partial(profile, name="jobstorm"), 45, changes=True),
        Scenario("labels", "Every label of every pod", labels, 35),
        Scenario("everything", "All kinds, default resources", everything, 40),
        Scenario("customresources", "Custom resources", custom_resources, 20),
        Scenario("workers", "1, 2 and 4 workers", workers, 100),
        Scenario("growth", "A quarter, 2.5 and 10 times the pods", growth, 300),
    )
}
