"""JSON of an object -> its view, past the part that no view reads."""

from collections.abc import Callable
from typing import Any

import msgspec

_FIELDS = b',"managedFields":['


def view_decoder(view: type) -> Callable[[bytes | memoryview], Any]:
    """Decodes objects without metadata.managedFields, which the API server sends to everybody.

    They are more than a third of a pod, and a decoder passes over JSON a character at a time. An API server writes them
    last in the metadata and without lists of their own, so two searches find both ends. A bracket inside one of their
    texts is taken for the end: what is left then is no JSON, and the object is decoded as it is.

    raise   as msgspec's decoder does
    """
    decode: Callable[[bytes], Any] = msgspec.json.Decoder(view).decode

    def decode_view(item: bytes | memoryview) -> Any:
        data = bytes(item)
        start = data.find(_FIELDS)
        if start >= 0:
            end = data.find(b"]", start)
            if data.startswith(b"}", end + 1) and data.find(b"[", start + len(_FIELDS), end) < 0:
                try:
                    return decode(data[:start] + data[end + 1 :])
                except msgspec.DecodeError:
                    pass
        return decode(data)

    return decode_view
