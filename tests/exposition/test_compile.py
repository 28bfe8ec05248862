"""A table of families compiled into one render function."""

import traceback
from types import SimpleNamespace

import pytest

from shardex.errors import TableError
from shardex.exposition.compile import compile_render, endings
from shardex.exposition.family import ANNOTATIONS, LABELS, Each, Shape, Shared, alpha, stable
from shardex.exposition.labels import picker

IDENTITY = (("namespace", "metadata.namespace"), ("thing", "metadata.name"))


def thing(**fields):
    return SimpleNamespace(
        metadata=SimpleNamespace(namespace="ns", name='na"me', labels={"b": "2", "a": "1"}), **fields
    )


def rendered(*families, allowed=None, **fields):
    return compile_render("things", IDENTITY, families, allowed)(thing(**fields))


def test_one_text_a_family():
    """The answer has one text a family, in the table's order, "" for a family without samples."""
    assert rendered(
        stable("m_one", "Help.", lambda o: o.one),
        stable("m_none", "Help.", lambda _: None),
        stable("m_rows", "Help.", lambda o: o.rows, "kind", "why"),
        stable("m_no_rows", "Help.", lambda _: (), "kind"),
        one=2,
        rows=[("a", "x\ny", 1), ("b", "", 0.5)],
    ) == [
        'm_one{namespace="ns",thing="na\\"me"} 2\n',
        "",
        (
            'm_rows{namespace="ns",thing="na\\"me",kind="a",why="x\\ny"} 1\n'
            'm_rows{namespace="ns",thing="na\\"me",kind="b",why=""} 0.5\n'
        ),
        "",
    ]


def test_one_loop_for_families_of_one_list():
    """Families that ask for the same list and labels have their rows in one loop, whatever the rest of a row is."""
    first = (lambda pair: pair[0],)
    parts = [("x", ("y",)), ("z", None)]
    ends = {"x": endings(["unit"], [("core", 0.5), ("byte", 2)]), "z": ()}
    assert rendered(
        stable("m_number", "Help.", Each(lambda o: o.pairs, first, lambda pair: pair[1]), "k"),
        stable("m_row", "Help.", Each(lambda o: o.parts, first, lambda part: part[1]), "k", "w", shape=Shape.ROW),
        stable(
            "m_ends",
            "Help.",
            Each(lambda o: o.parts, first, lambda part: ends[part[0]]),
            "k",
            "unit",
            shape=Shape.ENDINGS,
        ),
        pairs=[("x", 0), ('"', None), ("z", 2)],
        parts=parts,
    ) == [
        'm_number{namespace="ns",thing="na\\"me",k="x"} 0\nm_number{namespace="ns",thing="na\\"me",k="z"} 2\n',
        'm_row{namespace="ns",thing="na\\"me",k="x",w="y"} 1\n',
        (
            'm_ends{namespace="ns",thing="na\\"me",k="x",unit="core"} 0.5\n'
            'm_ends{namespace="ns",thing="na\\"me",k="x",unit="byte"} 2\n'
        ),
    ]


def test_row_that_is_there_already():
    """Of rows with the same labels the first counts, since a scrape may hold a sample only once."""
    each = Each(lambda o: o.parts, (lambda part: part[0],), lambda part: part[1])
    assert rendered(
        stable("m", "Help.", each, "k", "why", shape=Shape.ROW), parts=[("x", ("y",)), ("x", ("",)), ("x", ("y",))]
    ) == ['m{namespace="ns",thing="na\\"me",k="x",why="y"} 1\nm{namespace="ns",thing="na\\"me",k="x",why=""} 1\n']


def test_what_is_shared_is_worked_out_once():
    """However many families read it, an object is asked once for what they share."""
    asked = []

    def shared(o):
        asked.append(o)
        return o.pairs

    name = (lambda pair: pair[0],)
    texts = rendered(
        stable("m_sum", "Help.", Shared(shared, lambda pairs: sum(n for _, n in pairs))),
        stable("m_rows", "Help.", Shared(shared, lambda pairs: pairs), "k"),
        stable("m_each", "Help.", Each(shared, name, lambda pair: pair[1]), "k"),
        stable("m_keys", "Help.", Shared(shared, lambda pairs: {k: str(n) for k, n in pairs}), prefix="label"),
        pairs=[("a", 1), ("b", 2)],
    )
    assert [text.replace(',thing="na\\"me"', "") for text in texts] == [
        'm_sum{namespace="ns"} 3\n',
        'm_rows{namespace="ns",k="a"} 1\nm_rows{namespace="ns",k="b"} 2\n',
        'm_each{namespace="ns",k="a"} 1\nm_each{namespace="ns",k="b"} 2\n',
        'm_keys{namespace="ns",label_a="1",label_b="2"} 1\n',
    ]
    assert len(asked) == 1


def test_zero_is_a_sample():
    """0 and False are values; only None is the absence of one."""
    texts = rendered(stable("m_zero", "Help.", lambda _: 0), stable("m_false", "Help.", lambda _: False))
    assert [text.split()[-1] for text in texts] == ["0", "0"]


@pytest.mark.parametrize(
    "rows",
    [[("a", 1)], (("a", 1),), {"a": 1}.items(), {1: ("a", 1)}.values(), iter([("a", 1)])],
    ids=["list", "tuple", "items", "values", "iterator"],
)
def test_rows_are_any_iterable(rows):
    """A source may hand out its rows as it likes."""
    assert rendered(stable("m", "Help.", lambda _: rows, "k")) == ['m{namespace="ns",thing="na\\"me",k="a"} 1\n']


def test_loose_rows_bring_their_own_labels():
    """Samples of a loose family have the labels that each row names, after the identity labels."""
    rows = [({"a": "1"}, 1), ({}, 0), ({"b": '"', "a": "2"}, 1)]
    (text,) = rendered(stable("m", "Help.", lambda _: rows, "a", "b", shape=Shape.LOOSE))
    assert text == (
        'm{namespace="ns",thing="na\\"me",a="1"} 1\n'
        'm{namespace="ns",thing="na\\"me"} 0\n'
        'm{namespace="ns",thing="na\\"me",b="\\"",a="2"} 1\n'
    )


def test_allow_listed_family():
    """Without an allow list there is no sample; with one there is always one, also when nothing is let through."""
    labels = stable("m_labels", "Help.", lambda o: o.metadata.labels, prefix="label", allow=LABELS)
    assert rendered(labels) == [""]
    assert rendered(labels, allowed={ANNOTATIONS: picker("*")}) == [""]
    assert rendered(labels, allowed={LABELS: picker(["none"])}) == ['m_labels{namespace="ns",thing="na\\"me"} 1\n']
    assert rendered(labels, allowed={LABELS: picker("*")}) == [
        'm_labels{namespace="ns",thing="na\\"me",label_a="1",label_b="2"} 1\n'
    ]


def test_prefixed_family_without_allow_list():
    """A family whose labels the object names and no list chooses shows them all; None is no sample."""
    family = alpha("m", "Help.", lambda o: o.selector, prefix="nodeselector")
    assert rendered(family, selector={"zone/x": "1"}) == [
        'm{namespace="ns",thing="na\\"me",nodeselector_zone_x="1"} 1\n'
    ]
    assert rendered(family, selector={}) == ['m{namespace="ns",thing="na\\"me"} 1\n']
    assert rendered(family, selector=None) == [""]


def test_all_faults_of_a_table_at_once():
    """A table that cannot be rendered is refused when it is compiled, with every fault and the kind's name."""
    with pytest.raises(TableError) as raised:
        compile_render(
            "things",
            (("bad-label", "metadata.name"), ("thing", "metadata.name()")),
            [
                stable('m{x="1"}', "Help.", None),
                stable("m", "Help.", None, "thing", "9"),
                stable("m", " ", None, allow="secrets"),
            ],
        )
    message = str(raised.value)
    assert message.startswith("table of things: ")
    for fault in (
        "identity label 'bad-label'",
        "identity path 'metadata.name()'",
        "name 'm{x=\"1\"}'",
        "m: label '9'",
        "m: label 'thing' is an identity label too",
        "m stands twice",
        "m has no help",
        "m: unknown allow list 'secrets'",
    ):
        assert fault in message


def test_traceback_shows_the_generated_line():
    """A failing source is found from its traceback: the generated line that called it, and the row's own line."""
    render = compile_render("things", IDENTITY, [stable("m_broken", "Help.", lambda o: o.missing)])
    with pytest.raises(AttributeError) as raised:
        render(thing())
    text = "".join(traceback.format_exception(raised.value))
    assert "<render things>" in text
    assert "m_broken{" in text
    assert "lambda o: o.missing" in text


def test_wrong_number_of_labels_fails():
    """A row with another number of values than the family has labels raises, and is never printed."""
    with pytest.raises(ValueError, match="unpack"):
        rendered(stable("m", "Help.", lambda _: [("a", "b", 1)], "k"))
