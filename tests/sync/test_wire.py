"""Messages of the road are decoded strictly: a cut, altered or foreign body is never half-read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync import wire
from sync.operation import Placed
from sync.wire import BadMessage, PullHead, PushHead


def _placed(count: int, group: int | None = None) -> list[Placed]:
    return [Placed("ag01", 1, n, group or count, b"s" * 16, '{"ẵ":"\\n"}'.encode()) for n in range(1, count + 1)]


def _head(**changed: object) -> PushHead:
    parts: dict[str, object] = {
        "p": 1, "device": "ag01", "incarnation": 1, "lineage": "L", "first": 1, "count": 3, "previous": "00",
        "signature": "", "schema": 1,
    }  # fmt: skip
    return PushHead(**{**parts, **changed})  # type: ignore[arg-type]  # the test chooses wrong parts


def test_a_push_arrives_as_it_was_sent() -> None:
    assert wire.decode_push(wire.encode_push(_head(), _placed(3))) == (_head(), _placed(3))


def test_a_pull_answer_arrives_as_it_was_sent() -> None:
    head = PullHead(lineage="L", next=9, more=False, count=3, acked=4, centre_acked=4, digest="1:ff")
    assert wire.decode_pull(wire.encode_pull(head, _placed(3))) == (head, _placed(3))


@pytest.mark.parametrize(
    "data",
    [
        wire.encode_push(_head(count=2), _placed(3)),
        wire.encode_push(_head(count=0), []),
        wire.encode_push(_head(first=2), _placed(3)),
        wire.encode_push(_head(first=0), _placed(3)),
        wire.encode_push(_head(device="ag02"), _placed(3)),
        wire.encode_push(_head(incarnation=2), _placed(3)),
        wire.encode_push(_head(), _placed(3, group=4)),
        wire.encode_push(_head(), _placed(3, group=2)),
    ],
)
def test_a_push_that_contradicts_itself_is_no_push(data: bytes) -> None:
    with pytest.raises(BadMessage):
        wire.decode_push(data)


@given(st.binary(max_size=300))
def test_random_bytes_are_no_message(data: bytes) -> None:
    for decode in (wire.decode_push, wire.decode_pull, wire.decode_answer, wire.decode_problem, wire.unpack):
        with pytest.raises(BadMessage):
            decode(data)


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_one_changed_byte_is_found(at: int, change: int) -> None:
    data = bytearray(wire.encode_push(_head(), _placed(3)))
    data[at % len(data)] ^= change
    try:
        decoded = wire.decode_push(bytes(data))
    except BadMessage:
        return
    assert decoded == (_head(), _placed(3))


@given(st.integers(0, 200))
def test_a_cut_body_is_found(at: int) -> None:
    data = wire.encode_push(_head(), _placed(3))
    if at < len(data):
        with pytest.raises(BadMessage):
            wire.decode_push(data[:at])


def test_a_body_that_would_grow_without_end_is_refused() -> None:
    with pytest.raises(BadMessage):
        wire.unpack(wire.pack(bytes(wire.MAX_BYTES + 1)))
    with pytest.raises(BadMessage):
        wire.decode_pull("<html>Mời đăng nhập mạng</html>".encode())
