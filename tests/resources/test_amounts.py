"""Resource names and their units, and quantities as containers and nodes show them."""

import pytest
from helpers import cases

from shardex.exposition.labels import sanitize
from shardex.resources.amounts import BYTE, CORE, INTEGER, container_amounts, extended, node_amounts, units

NATIVE = {"cpu": (CORE,), "memory": (BYTE,), "storage": (BYTE,), "ephemeral-storage": (BYTE,)}


@pytest.mark.parametrize(("name", "want"), cases("format_cases", "resource_name_class"))
def test_name_class(name, want):
    """A resource name is extended, and sanitized, as the peer has it; its class decides the unit."""
    assert extended(name) == want["extended"]
    assert sanitize(name) == want["sanitized"]
    sized = (BYTE,) if want["hugepage"] or want["attachable"] else ()
    assert units(name) == NATIVE.get(name, sized + ((INTEGER,) if want["extended"] else ()))


@pytest.mark.parametrize(
    "name",
    ["a/" + "b" * 64, "A/b", "a/-b", "a/b-", "a/b_", "-a/b", "a..b/c", "a" * 245 + "/b", "a/ü"],
)
def test_unqualified_name_is_not_shown(name):
    """What the API would not accept as a qualified name in a quota is no extended resource."""
    assert units(name) == ()


@pytest.mark.parametrize("name", ["a/" + "b" * 63, "1.a-b/c.D_e-f", "a" * 244 + "/b"])
def test_longest_qualified_name_is_shown(name):
    """The longest and oddest qualified names are extended resources."""
    assert units(name) == (INTEGER,)


def test_container_amounts():
    """Containers show cpu to the milli and all else in whole units, rounded up; pods are nothing to a container."""
    listed = b'{"cpu":"1500u","memory":"1500m","pods":"3","hugepages-2Mi":"4Mi","nvidia.com/gpu":"1"}'
    shown = (
        ',resource="cpu",unit="core"} 0.002\n',
        ',resource="memory",unit="byte"} 2\n',
        ',resource="hugepages_2Mi",unit="byte"} 4.194304e+06\n',
        ',resource="nvidia_com_gpu",unit="integer"} 1\n',
    )
    assert container_amounts(b'{"limits":%s}' % listed) == (shown, ())
    assert container_amounts(b'{"limits":null,"requests":%s}' % listed) == ((), shown)
    assert container_amounts(b"null") == ((), ())


def test_node_amounts():
    """Nodes show everything to the milli, and how many pods they take."""
    entries = (("cpu", "1500m"), ("memory", "1500m"), ("pods", "110"), ("attachable-volumes-x", "25"), ("odd", "1"))
    assert node_amounts(entries) == (
        ("cpu", CORE, 1.5),
        ("memory", BYTE, 1.5),
        ("pods", INTEGER, 110),
        ("attachable_volumes_x", BYTE, 25),
    )


def test_names_that_become_one_label():
    """Two resources whose names differ only in what a label cannot hold are one series; the first counts."""
    assert container_amounts(b'{"limits":{"a.b/c":"1","a-b/c":"2"}}')[0] == (',resource="a_b_c",unit="integer"} 1\n',)


def test_unreadable_quantity_is_an_error():
    """A quantity that is none raises, so that the object is counted as a fault and not shown with a made-up number."""
    with pytest.raises(ValueError, match="not a quantity"):
        container_amounts(b'{"limits":{"cpu":"lots"}}')
