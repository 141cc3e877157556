"""What is read into a shape of ours (a Struct, a dataclass) is made known to msgspec by one thread at a time."""

from __future__ import annotations

import threading
from typing import Any, TypeVar

import msgspec

M = TypeVar("M")

_lock = threading.Lock()
_known: dict[Any, msgspec.json.Decoder[Any]] = {}


def known(shape: type[M]) -> type[M]:
    """The shape itself, safe to be read into by any thread: `msgspec.json.decode(data, type=known(Place))`.

    msgspec learns a class the first time something is read into it, and lays down what it has learnt before it is
    whole, so that a class may hold itself. A second thread that comes just then reads through the half of it, and the
    process dies (0.22.0: a desk did, in `lease`; `tests/house/test_the_tools_under_us.py` shows it). Decoders that a
    module makes while it is imported are made before there are threads.
    """
    if shape not in _known:
        with _lock:
            if shape not in _known:
                _known[shape] = msgspec.json.Decoder(shape)
    return shape
