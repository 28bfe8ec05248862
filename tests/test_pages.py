"""The pages in a real browser: Debian's headless Chromium, which .ci/tools unpacks into .venv/debian."""

import pytest
from tree import eventually, running

from load import testing
from load.browser import browsing, executable

pytestmark = pytest.mark.slow

SIZES = {"desktop": (1280, 800), "tablet": (768, 1024), "phone": (390, 844), "small phone": (320, 568)}
_PARTS = "[...document.querySelectorAll('h1,h2,td,dd,dt,a')]"


@pytest.fixture(scope="module")
def page():
    path = executable()
    if path is None:
        pytest.skip("no Chromium is here: .ci/tools .venv/debian unpacks one where there is apt-get")
    with browsing(path) as page:
        yield page


@pytest.fixture(scope="module")
def tree():
    """Two workers, and a kind that RBAC refuses."""
    with testing.running(pods=200) as server:
        server.fault("status", "secrets", status=403, count=-1)
        with running(server.url, workers=2) as tree:
            tree.metrics()
            tree.url = f"http://127.0.0.1:{tree.telemetry_port}/status"
            yield tree


def test_what_it_says(page, tree):
    """Totals, shards, kinds and what is refused, as a reader sees them; the policy blocks none of it."""
    page.open(tree.url)
    text = page.evaluate("document.body.innerText")
    for said in ("ready", "share 0 of 1, 2 workers", "Shards", "0.0", "0.1", "Kinds", "pods", "secrets", "403"):
        assert said in text, said
    objects = {key[1][1]: 0 for key in tree.telemetry() if key[0] == "shardex_objects"}
    rows = page.evaluate("Object.fromEntries([...document.querySelectorAll('tr')].map(r => [r.cells[0].innerText, "
                         "r.cells[1].innerText]))")  # fmt: skip
    assert rows["pods"] == "200"
    assert len(objects) > 30
    # The style sheet's hash is right, or the browser would show Times on white; bars have the width of their value.
    assert "system-ui" in page.evaluate("getComputedStyle(document.body).fontFamily")
    widths = page.evaluate("[...document.querySelectorAll('rect')].map(r => r.getBoundingClientRect().width)")
    assert max(widths) > 50
    assert min(widths) >= 0


def test_it_refreshes_itself(page, tree):
    """Without a script, within seconds; links lead to the metrics."""
    page.open(tree.url)
    page.evaluate("window.before = true")
    assert page.evaluate("document.querySelectorAll('script').length") == 0
    eventually(lambda: page.evaluate("window.before === undefined"), 30.0)
    links = page.evaluate("[...document.querySelectorAll('a')].map(a => a.pathname)")
    assert links == ["/metrics", "/readyz", "/status.json"]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_every_screen(page, tree, size, dark):
    """Nothing is cut off or has to be scrolled sideways, and letters stand out from what is behind them."""
    width, height = SIZES[size]
    page.open(tree.url, width, height, dark)
    assert page.evaluate("[innerWidth, document.documentElement.scrollWidth]") == [width, width]
    wide = f"{_PARTS}.filter(e => e.getBoundingClientRect().right > {width} + 0.5).map(e => e.innerText)"
    assert page.evaluate(wide) == []
    overflowing = f"{_PARTS}.filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth).map(e => e.innerText)"
    assert page.evaluate(overflowing) == []
    behind = luminance(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert (behind < 0.1) == dark
    colours = page.evaluate("[...document.querySelectorAll('td,dt,a,.soft,.good,.wait,.bad')]"
                            ".map(e => getComputedStyle(e).color)")  # fmt: skip
    sheet = luminance(page.evaluate("getComputedStyle(document.querySelector('.sheet')).backgroundColor"))
    for colour in set(colours):
        for ground in (behind, sheet):
            low, high = sorted((luminance(colour), ground))
            assert (high + 0.05) / (low + 0.05) >= 4.5, f"{colour} cannot be read (WCAG 2.1, 1.4.3)"


def luminance(colour):
    """Relative luminance of an rgb(...) colour, 0 to 1, as WCAG 2.1 defines it."""
    parts = [int(part) / 255 for part in colour.removeprefix("rgb(").removesuffix(")").split(",")]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_from_the_main_port(page, tree):
    """The landing page of the main port leads to it."""
    page.open(f"http://127.0.0.1:{tree.port}/")
    assert page.evaluate("[...document.querySelectorAll('a')].map(a => a.href).pop()") == tree.url
    assert "/metrics" in page.evaluate("document.body.innerText")
