"""The merger: whatever the number of shards, the exposition is one and whole."""

import gzip
import zlib
from collections import Counter

import pytest
from helpers import golden, read
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families
from prometheus_client.parser import text_string_to_metric_families
from published import HEADS, arenas, recorded, render, shards, source, text, thing, things

from shardex.serving.merger import Choice, gzip_chunks, packed, segments
from shardex.store.publication import Head

PLURALS = ("configmaps", "deployments", "namespaces", "nodes", "pods")


@pytest.fixture
def make():
    with arenas() as make:
        yield make


@pytest.fixture(scope="module")
def unsharded():
    with arenas() as make:
        return text(shards(1, PLURALS, make))


def samples(exposition):
    """Its sample lines, with how often each stands there."""
    return Counter(line for line in exposition.split("\n") if line and not line.startswith("#"))


@pytest.mark.parametrize("total", [1, 2, 3, 7])
def test_union(total, unsharded, make):
    """Law 1: the union of N shards equals the unsharded exposition, and no sample is in two of them."""
    sources = shards(total, PLURALS, make)
    assert read(text(sources)) == read(unsharded)
    assert sum((samples(text([one])) for one in sources), Counter()) == samples(unsharded)


def test_it_is_what_the_peer_prints(unsharded):
    """The merged exposition of recorded objects is the peer's recording of them."""
    found = read(unsharded)
    names = set(found.types)
    assert {f"kube_{kind}_created" for kind in ("configmap", "deployment", "namespace", "node", "pod")} <= names
    assert found == golden("default").only(names)


@pytest.mark.parametrize("total", [1, 2, 3, 7])
def test_families_are_contiguous(total, make):
    """Law 4: one HELP and one TYPE a family, then all its lines, whatever the number of workers."""
    runs, headers = [], Counter()
    for line in text(shards(total, PLURALS, make)).split("\n")[:-1]:
        if line.startswith("#"):
            headers[tuple(line.split()[1:3])] += 1
        name = line.split()[2] if line.startswith("#") else line.split("{")[0]
        if not runs or runs[-1] != name:
            runs.append(name)
    assert len(runs) == len(set(runs)) == 100
    assert set(headers.values()) == {1}
    assert {name for _, name in headers} == set(runs)


def none(_):
    return False


def test_kinds_come_by_plural_and_families_in_their_tables_order(make):
    """The order of the exposition does not depend on which worker has what."""
    one, other = make(), make()
    first = source(one, recorded("nodes", one, none), recorded("namespaces", one), recorded("configmaps", one, none))
    second = source(other, recorded("configmaps", other), recorded("namespaces", other, none), recorded("nodes", other))
    names = list(dict.fromkeys(line.split()[2] for line in text([first, second]).split("\n") if line.startswith("#")))
    kinds = [name.split("_")[1] for name in names]
    assert list(dict.fromkeys(kinds)) == ["configmap", "namespace", "node"]
    assert names[:2] == ["kube_configmap_annotations", "kube_configmap_labels"]


def test_a_kind_shows_when_every_worker_shows_it(make):
    """One that comes or goes while workers run is there as a whole or not at all; the others do not wait for it."""
    one, other = make(), make()
    first = source(one, recorded("configmaps", one), recorded("nodes", one))
    second = source(other, recorded("nodes", other))
    assert {name.split("_")[1] for name in read(text([first, second])).types} == {"node"}
    assert {name.split("_")[1] for name in read(text([first])).types} == {"configmap", "node"}


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_a_family_of_several_kinds(make, workers):
    """Two versions of a kind, or all that a wildcard means: one header, every line of every worker behind it."""
    kinds = ["as.v1.example.dev", "as.v2.example.dev", "bs.v1.example.dev"]
    found = []
    for worker in range(workers):
        arena = make()
        made = [things(arena, HEADS if n else tuple(reversed(HEADS)), plural=kind) for n, kind in enumerate(kinds)]
        made[0].stores[0].render = lambda o: render(o)[::-1]
        for kind in made[: 3 - worker]:  # not every worker has an object of every kind
            kind.stores[0].add(thing(f"{kind.plural}-{worker}"))
        found.append(source(arena, *made))
    lines = text(found).splitlines()
    assert [line for line in lines if line.startswith("# TYPE")] == [
        "# TYPE thing_info gauge",
        "# TYPE thing_value gauge",
    ]
    families = [line.split()[2] if line.startswith("#") else line.partition("{")[0] for line in lines]
    assert families == sorted(families)
    assert len(lines) == 4 + 2 * sum(3 - worker for worker in range(workers))


def test_the_first_kind_that_shows_has_the_header(make):
    """Two helps of one family: that of the first kind with objects, so that it is the same from scrape to scrape."""
    arena = make()
    first, second = (things(arena, (Head("thing_value", help, "gauge"), HEADS[1]), plural=help) for help in "ab")
    second.stores[0].add(thing("x"))
    assert "# HELP thing_value b\n" in text([source(arena, first, second)])
    first.stores[0].add(thing("y"))
    assert "# HELP thing_value a\n" in text([source(arena, second, first)])


@pytest.mark.parametrize(
    ("only", "without", "shown"),
    [
        ({"gadgets.v1.example.dev"}, (), True),
        ({"gadgets.example.dev"}, (), True),
        ({"gadgets"}, (), False),
        ({"gadgets.v2.example.dev"}, (), False),
        ({"pods"}, (), False),
        (None, {"gadgets.v1.example.dev"}, False),
        (None, {"gadgets.example.dev"}, False),
        (None, {"gadgets", "example.dev"}, True),
    ],
)
def test_choice_of_custom_kinds(only, without, shown):
    """By the name that kubectl has for it, with or without the version; a plural alone is a built-in kind's."""
    choice = Choice(None if only is None else frozenset(only), frozenset(without))
    assert ("gadgets.v1.example.dev" in choice) == shown


def test_a_kind_without_objects_prints_nothing(make):
    """No object in any worker: not even headers; in one of them: all headers."""
    arena, empty = make(), make()
    kind = things(arena)
    nothing = source(empty, things(empty))
    assert text([nothing, source(arena, kind)]) == ""
    kind.stores[0].add(thing("a", 3))
    assert text([nothing, source(arena, kind)]).count("# TYPE") == len(HEADS)
    assert text([]) == ""


@pytest.mark.parametrize(
    ("only", "without", "wanted"),
    [
        (None, (), {"configmap", "deployment", "namespace", "node", "pod"}),
        ({"pods"}, (), {"pod"}),
        ({"pods", "nodes"}, (), {"pod", "node"}),
        ({"pods", "nodes"}, {"pods"}, {"node"}),
        (None, {"pods", "nodes", "nosuch"}, {"configmap", "deployment", "namespace"}),
        ((), (), set()),
        ({"nosuch"}, (), set()),
        ({"Pods"}, (), set()),
    ],
)
def test_choice(only, without, wanted, make):
    """?resources= chooses, ?exclude_resources= takes away, whole kinds at a time."""
    choice = Choice(None if only is None else frozenset(only), frozenset(without))
    found = text(shards(2, PLURALS, make), choice)
    assert {name.split("_")[1] for name in read(found).types} == wanted


def test_different_tables_side_by_side(make):
    """During a reload workers have different families: each is printed once, with the lines of those who have it."""
    old, new = make(), make()
    before, after = things(old), things(new, (*HEADS[1:], Head("thing_new", "New.", "gauge")), newer)
    before.stores[0].add(thing("a", 1))
    after.stores[0].add(thing("b", 2))
    for sources in ([source(old, before), source(new, after)], [source(new, after), source(old, before)]):
        found = read(text(sources))
        assert set(found.types) == {"thing_value", "thing_info", "thing_new"}
        assert {(series.name, dict(series.labels)["uid"]) for series in found.samples} == {
            ("thing_value", "a"), ("thing_info", "a"), ("thing_info", "b"), ("thing_new", "b"),
        }  # fmt: skip


def newer(o):
    return [render(o)[1], f'thing_new{{uid="{o.metadata.uid}"}} {o.value}\n']


def test_several_stores_of_a_kind(make):
    """A kind that is watched namespace by namespace is still one kind: one header, the lines of all stores."""
    arena = make()
    kind, more = things(arena), things(arena)
    kind.stores[0].add(thing("a"))
    more.stores[0].add(thing("b"))
    both = type(kind)(kind.plural, kind.heads, (*kind.stores, *more.stores))
    assert text([source(arena, both)]).splitlines() == [
        "# HELP thing_value Its value.", "# TYPE thing_value gauge", 'thing_value{uid="a"} 0', 'thing_value{uid="b"} 0',
        "# HELP thing_info Its uid.", "# TYPE thing_info gauge", 'thing_info{uid="a"} 1', 'thing_info{uid="b"} 1',
    ]  # fmt: skip


def test_openmetrics_ends_with_its_mark(make):
    """OpenMetrics ends with # EOF, also when there is nothing else, and the plain format never has it."""
    sources = shards(2, ("namespaces",), make)
    assert text(sources, openmetrics=True).endswith("\n# EOF\n")
    assert text([], openmetrics=True) == "# EOF\n"
    assert "EOF" not in text(sources)
    assert list(openmetrics_families(text(sources, openmetrics=True)))


def test_info_and_stateset_are_gauges_in_plain_text(make):
    """The plain format has no such types; OpenMetrics does."""
    arena = make()
    kind = things(arena, (Head("thing_state", "Its state.", "stateset"), Head("thing_info", "Its uid.", "info")))
    kind.stores[0].add(thing("a"))
    assert text([source(arena, kind)]).count(" gauge\n") == 2
    assert "# TYPE thing_state stateset\n" in text([source(arena, kind)], openmetrics=True)
    assert "# TYPE thing_info info\n" in text([source(arena, kind)], openmetrics=True)


def test_gzip_is_one_member(unsharded, make):
    """The answer is a single gzip member with a right checksum: clients that read only the first one lose nothing."""
    data = b"".join(gzip_chunks(segments(shards(3, PLURALS, make), Choice(), openmetrics=False)))
    reader = zlib.decompressobj(wbits=31)
    first = reader.decompress(data) + reader.flush()
    assert reader.eof
    assert reader.unused_data == b""
    assert first == gzip.decompress(data)
    assert read(first.decode()) == read(unsharded)
    assert len(data) < len(first) / 4


def test_gzip_of_nothing():
    """An empty exposition is an empty member, not no bytes at all."""
    assert gzip.decompress(b"".join(gzip_chunks(iter(())))) == b""


def test_a_damaged_segment_is_noticed(make):
    """The checksum is that of the text which was rendered: bytes that changed since do not pass for metrics."""
    found = list(segments(shards(1, ("namespaces",), make), Choice(), openmetrics=False))
    found[-1] = packed("something_else 1\n")
    damaged = b"".join(gzip_chunks([*found[:-1], type(found[-1])(found[-1].data, found[-1].raw, found[-1].crc ^ 1)]))
    with pytest.raises(gzip.BadGzipFile):
        gzip.decompress(damaged)


def test_an_independent_parser_reads_it(unsharded):
    """prometheus-client finds the same families and as many samples as there are lines."""
    families = list(text_string_to_metric_families(unsharded))
    assert sum(len(family.samples) for family in families) == samples(unsharded).total()


def test_helps_are_escaped(make):
    """A line break in a help text does not break the line."""
    arena = make()
    kind = things(arena, (Head("thing_value", "One\nline \\ more.", "gauge"), HEADS[1]))
    kind.stores[0].add(thing("a"))
    assert "# HELP thing_value One\\nline \\\\ more.\n" in text([source(arena, kind)])
