"""A capacity plan: its numbers, and the page that shows them without a network."""

import json
import re
from datetime import date, timedelta
from html.parser import HTMLParser

import msgspec
import pytest
from observing import MIB, NOW, POLICY, SET, observed

from load.browser import browsing, executable
from scaler.cli import main
from scaler.growth import GROWTH, monthly, noted, remembered
from scaler.observation import Fault, Observation, Reason
from scaler.plan import Case, Plan, growths, plan, rate
from scaler.policy import Policy
from scaler.recommend import recommend
from scaler.show import Told, formatted
from shardex.errors import OptionsError

OBJECTS = {"pods": 40_000, "configmaps": 9_000, "nodes": 400, "gadgets.example.com": 500}
VOID = frozenset({"meta", "br", "link", "img", "hr", "input"})


def told(policy=POLICY, **more):
    observation = observed(OBJECTS, shards=3, workers=2, **more)
    return Told(recommend(observation, policy), policy, observation)


class Page(HTMLParser):
    """Which elements there are; raises when one is closed that is not open."""

    def __init__(self, text):
        super().__init__()
        self.open, self.seen, self.ids, self.links = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        found = dict(attrs)
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found[name] for name in ("src", "href", "xlink:href", "data", "action") if name in found]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.open = self.open if tag in VOID else self.open[:-1]

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The three files of one report, made by the command from the JSON of a recommendation."""
    folder = tmp_path_factory.mktemp("report")
    source = folder / "told.json"
    source.write_text(formatted(told(), "json"))
    files = [folder / f"report.{end}" for end in ("html", "md", "json")]
    line = ["report", f"--from={source}", "--cluster-growth=1,2,5,10", "--monthly-growth=5%", "-o"]
    assert main([*line, ",".join(map(str, files))]) == 0
    return [path.read_text(encoding="utf-8") for path in files]


def test_the_page_is_html(written):
    """Every element is closed where it should be, ids are unique, and four pictures stand in it as SVG."""
    html = Page(written[0])
    assert html.open == []
    assert html.seen.count("svg") == 4
    assert len(html.ids) == len(set(html.ids))


def test_the_page_asks_no_network(written):
    """No URL, no script, no style sheet or font from elsewhere; what is linked to is in the page."""
    page = Page(written[0])
    assert "//" not in re.sub(r"<pre>.*?</pre>", "", written[0], flags=re.DOTALL)
    assert not {"script", "link", "img", "iframe", "object"} & set(page.seen)
    assert "@import" not in written[0]
    assert "url(" not in re.sub(r"url\(#[^)]*\)", "", written[0])
    assert page.links
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links)
    assert all(name in page.ids for name in re.findall(r"url\(#([^)]*)\)", written[0]))


def test_the_page_says_what_the_plan_says(written):
    """Sizes, kinds, limits, and what to apply are there in words, in all three forms."""
    made = msgspec.json.decode(written[2], type=Plan)
    for text in written[:2]:
        assert f"{made.told.recommendation.shards} wanted, 3 now" in text
        assert all(f"{size.objects:,}" in text for size in made.sizes)
        assert all(cost.plural in text for cost in made.costs)
        assert all(room.day in text for room in made.rooms)
        assert f"shardex-scaler set {made.told.recommendation.shards} --namespace=monitoring" in text
        assert "--memory-limit=256Mi" in text
        assert f"limits: {{memory: {made.told.recommendation.limit_bytes >> 20}Mi}}" in text


def test_a_report_is_read_again(written, tmp_path):
    """report.json is a source as good as the first one: what comes of it is the same."""
    source, again = tmp_path / "report.json", tmp_path / "again.json"
    source.write_text(written[2])
    assert main(["report", f"--from={source}", "--monthly-growth=5%", "-o", str(again)]) == 0
    assert json.loads(again.read_text()) == json.loads(written[2])


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 600])
def test_the_page_in_a_browser(written, tmp_path, width):
    """Chromium draws every picture, asks for nothing, and nobody has to scroll sideways."""
    path = executable()
    if path is None:
        pytest.skip("no Chromium is here: .ci/tools .venv/debian unpacks one where there is apt-get")
    file = tmp_path / "report.html"
    file.write_text(written[0], encoding="utf-8")
    with browsing(path) as page:
        page.open(file.as_uri(), width, 900)
        assert page.evaluate("performance.getEntriesByType('resource').length") == 0
        widths = page.evaluate("[...document.querySelectorAll('svg')].map(svg => svg.getBoundingClientRect().width)")
        assert len(widths) == 4
        assert all(300 < drawn <= width for drawn in widths)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert "wanted, 3 now" in page.evaluate("document.body.innerText")


def test_what_is_hostile_stays_text(tmp_path):
    """A name from the cluster is text in the page, whatever is in it."""
    hostile = "<script>alert(1)</script>"
    found = told(faults=[Fault(Reason.SHARD_MISSING, hostile)])
    source, page = tmp_path / "told.json", tmp_path / "report.html"
    source.write_text(formatted(found, "json"))
    assert main(["report", f"--from={source}", "-o", str(page)]) == 0
    assert "Not to be acted on" in page.read_text()
    assert hostile not in page.read_text()


def test_an_empty_cluster(tmp_path):
    """A plan of nothing is a page too."""
    empty = Observation(NOW, {}, ())
    source, page = tmp_path / "told.json", tmp_path / "report.html"
    source.write_text(formatted(Told(recommend(empty, Policy()), Policy(), empty), "json"))
    assert main(["report", f"--from={source}", "-o", f"{page},{tmp_path / 'report.md'}"]) == 0
    assert Page(page.read_text()).open == []


def test_sizes_grow_with_the_cluster():
    """Each larger cluster needs at least as many shards, and its pods hold to the limit."""
    found = plan(told(), growths("1,2,5,10"))
    assert [size.factor for size in found.sizes] == [1, 2, 5, 10]
    shards = [size.shards for size in found.sizes]
    assert shards == sorted(shards)
    assert shards[-1] > shards[0]
    assert all(size.peak_bytes <= POLICY.memory_limit for size in found.sizes)
    assert [size.factor for size in found.curve] == sorted({size.factor for size in found.curve})


def test_measured_stands_beside_predicted():
    """Each pod is a case, and what taught the model is predicted well; cases from elsewhere take their place."""
    found = plan(told(), [1.0])
    assert [case.name for case in found.cases] == ["shardex-0", "shardex-1", "shardex-2"]
    assert all(case.predicted == pytest.approx(case.measured, rel=0.05) for case in found.cases)
    assert all(case.predicted_peak == pytest.approx(case.measured_peak, rel=0.05) for case in found.cases)
    other = (Case("elsewhere", 1.0, 2.0),)
    assert plan(told(), [1.0], cases=other).cases == other


def test_the_day_of_exhaustion():
    """The limit is reached where the value says so, and the sooner the faster the cluster grows."""
    slow, fast, still = (plan(told(), [1.0], monthly=rate) for rate in (0.02, 0.2, None))
    for one, other, none in zip(slow.rooms, fast.rooms, still.rooms, strict=True):
        assert one.factor == other.factor == none.factor
        assert none.day == ""
        assert other.day < one.day
    tight = msgspec.structs.replace(POLICY, scrape_bytes=1e6)
    [room] = [one for one in plan(told(tight), [1.0]).rooms if one.name == "scrape-bytes"]
    assert room.factor < 1 < room.used
    assert room.day == "now"


def test_growth_is_read_from_the_stateful_set():
    """A cluster that grew by a tenth in a month is known to: from the counts that the controller noted."""
    annotations, day = {}, date(2027, 1, 1)
    for number in range(61):
        now = NOW + number * 86_400
        text = noted(annotations, now, round(10_000 * 1.1 ** (number / 30.4375)))
        annotations = {GROWTH: text}
        assert noted(annotations, now, 5) is None
    days = remembered(annotations)
    assert len(days) == 60
    assert max(days) - min(days) == timedelta(days=59)
    assert min(days) > day
    assert monthly(days) == pytest.approx(0.1, abs=0.001)
    target = msgspec.structs.replace(SET, annotations=annotations)
    found = plan(told(target=target), [1.0])
    assert found.monthly == pytest.approx(0.1, abs=0.001)
    assert monthly({day: 5, day + timedelta(days=1): 6}) is None
    assert remembered({GROWTH: "never=1,2027-01-01=x,"}) == {}


@pytest.mark.parametrize(("text", "good"), [("1,2", True), ("", False), ("0", False), ("x", False), ("1,-2", False)])
def test_factors(text, good):
    """Factors are numbers above 0; anything else is named."""
    if good:
        assert growths(text) == [1.0, 2.0]
    else:
        with pytest.raises(OptionsError, match="--cluster-growth"):
            growths(text)


def test_rates():
    """A growth is a part or per cents, and cannot take more than everything."""
    assert (rate(""), rate("5%"), rate("-0.5")) == (None, 0.05, -0.5)
    for text in ("x", "-100%"):
        with pytest.raises(OptionsError, match="--monthly-growth"):
            rate(text)


def test_results_of_a_benchmark(tmp_path):
    """A benchmark's file is a source: its pods are the cluster, and what it measured stands beside what is assumed."""
    figures = [
        {"name": f"growth.{pods}.{what}_per_pod", "what": "", "value": value, "unit": "B"}
        for pods in (5_000, 50_000)
        for what, value in (("memory", 3_000.0), ("peak_memory", 3_300.0))
    ]
    outcome = {"scenario": "growth", "subject": "shardex", "figures": figures}
    results, page = tmp_path / "results.json", tmp_path / "report.json"
    results.write_text(json.dumps({"settings": {"pods": 20_000}, "outcomes": [outcome]}))
    line = ["report", f"--from={results}", f"--memory-limit={100 * MIB}", "-o", str(page)]
    assert main(line) == 0
    found = msgspec.json.decode(page.read_bytes(), type=Plan)
    assert found.told.observation.objects == {"pods": 20_000}
    assert [case.name for case in found.cases] == ["5,000 pods", "50,000 pods"]
    assert [case.measured for case in found.cases] == [53.2e6 + 15e6, 53.2e6 + 150e6]


def test_measured_predictions_are_a_source(tmp_path):
    """What `load predict --json` writes: the cases of other clusters stand in the plan of the last one."""
    case = {"name": "pods, 2", "cluster": "pods", "measured": 100, "predicted": 110.0, "told": None}
    case |= {"measured_peak": 120, "predicted_peak": 120.0}
    source, page = tmp_path / "predict.json", tmp_path / "report.json"
    source.write_text(json.dumps({"told": json.loads(formatted(told(), "json")), "cases": [case]}))
    assert main(["report", f"--from={source}", "-o", str(page)]) == 0
    assert msgspec.json.decode(page.read_bytes(), type=Plan).cases == (Case("pods, 2", 100.0, 110.0, 120.0, 120.0),)


@pytest.mark.parametrize(
    ("source", "target", "fault"),
    [
        ("{}", "report.html", "neither a recommendation nor a report"),
        ("[", "report.html", "neither a recommendation nor a report"),
        (None, "report.html", "No such file"),
        ("good", "report.pdf", "a report is .html, .md, .json"),
        ("good", "nowhere/report.html", "No such file"),
    ],
)
def test_faults(tmp_path, capsys, source, target, fault):
    """A file that is none of ours, or that cannot be written, is named; exit status 1."""
    path = tmp_path / "source.json"
    if source is not None:
        path.write_text(formatted(told(), "json") if source == "good" else source)
    assert main(["report", f"--from={path}", "-o", str(tmp_path / target)]) == 1
    assert fault in capsys.readouterr().err
