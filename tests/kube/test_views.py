"""Objects decoded past metadata.managedFields."""

import msgspec
import pytest

from shardex.kube.meta import Condition, ObjectMeta, Part
from shardex.kube.views import view_decoder


class Status(Part):
    conditions: list[Condition] | None = None


class Thing(Part):
    metadata: ObjectMeta = ObjectMeta()
    status: Status = Status()


FIELDS = '[{"manager":"m","fieldsV1":{"f:spec":{"k:{\\"name\\":\\"a\\"}":{".":{}}}}},{"manager":"n"}]'
STATUS = '"status":{"conditions":[{"type":"Ready","status":"True"}]}'


@pytest.mark.parametrize(
    "text",
    [
        f'{{"metadata":{{"name":"a","managedFields":{FIELDS}}},{STATUS}}}',
        f'{{{STATUS},"metadata":{{"name":"a","managedFields":{FIELDS}}}}}',
        f'{{"metadata":{{"managedFields":{FIELDS},"name":"a"}},{STATUS}}}',
        f'{{"metadata":{{"labels":{{}},"managedFields":{FIELDS},"name":"a"}},{STATUS}}}',
        f'{{"metadata":{{"name":"a","managedFields":[]}},{STATUS}}}',
        f'{{"metadata":{{"name":"a","managedFields":null}},{STATUS}}}',
        f'{{"metadata":{{"name":"a","managedFields":[{{"manager":"m]}}"}},{{"manager":"]}},"}}]}},{STATUS}}}',
        f'{{"metadata":{{"name":"a","managedFields":[{{"fieldsV1":{{"v:[1]":{{}}}}}}]}},{STATUS}}}',
        f'{{"metadata":{{"name":"a","managedFields":[{{"more":[{{}}]}}]}},{STATUS}}}',
        f'{{"metadata":{{"name":"a","annotations":{{"last":"{{,\\"managedFields\\":[]}}"}}}},{STATUS}}}',
        f'{{"metadata": {{"name": "a", "managedFields": {FIELDS}}}, {STATUS}}}',
    ],
    ids=["last", "end", "first", "middle", "none", "null", "brackets", "lists", "nested", "quoted", "spaced"],
)
def test_as_if_all_were_read(text):
    """The view is the one that a decoder makes of the whole object, wherever the fields stand, whatever they hold."""
    want = msgspec.json.decode(text, type=Thing)
    assert want.metadata.name == "a"
    assert want.status.conditions
    decode = view_decoder(Thing)
    assert decode(text.encode()) == want
    assert decode(memoryview(text.encode())) == want


def test_fields_are_not_read():
    """What cannot be text stands in the way of a whole decoder; it is not looked at here."""
    text = b'{"metadata":{"name":"a","managedFields":[{"manager":"\\ud800"}]}}'
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(text, type=Thing)
    assert view_decoder(Thing)(text).metadata.name == "a"


@pytest.mark.parametrize(
    "text", [b"", b"{", b'{"metadata":{"managedFields":[', b'{"metadata":{"name":"a","managedFields":[]}']
)
def test_half_an_object(text):
    """What is no JSON without the fields is an error as it is with them."""
    with pytest.raises(msgspec.DecodeError):
        view_decoder(Thing)(text)


def test_fault_is_named():
    """A value of a wrong type is told with its path, as by the decoder itself."""
    with pytest.raises(msgspec.ValidationError, match=r"\$\.metadata\.name"):
        view_decoder(Thing)(b'{"metadata":{"name":1,"managedFields":[{}]}}')
