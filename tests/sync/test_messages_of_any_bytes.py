"""What a server, a hub or a stick says, bent anyhow: it is understood, or one typed refusal says that it is not."""

from __future__ import annotations

import base64
import hashlib
import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import example, given
from hypothesis import strategies as st

from server.operations.proof import read_ask
from server.operations.refusals import Refusal
from sync import closing, door, manifest, proof, wire
from sync.blobs.seal import CHUNK, Broken, Plan, chunk_name, plan_of
from sync.blobs.shelf import Shelf, offset_of, take
from sync.courier import seal
from sync.courier.letters import Opening, Part
from sync.courier.troubles import StickGone
from sync.courier.volumes import VolumeRead, VolumeWriter, read_volume
from sync.door import Devices, EmergencyGiven, Enrolled, Health, HeldOperation, Receipt, SessionGiven
from sync.manifest import Manifest, Segment
from sync.operation import Body, Placed, Undecodable, decode_body, encode_body
from sync.transport import client
from sync.transport.line import Answer
from sync.troubles import Trouble
from sync.wire import BadMessage, PullHead, PushAnswer, PushHead
from tests.bent import bent

DEEP = b'{"a":' * 100_000
LINE = wire._line(Placed("ag01", 1, 1, 1, b"s" * 16, b'{"a":1}', 7))
PULL = PullHead(lineage="L", next=9, more=False, count=1, acked=4, centre_acked=4, digest="1:ff")
PUSH = PushHead(
    p=1, device="ag01", incarnation=1, lineage="L", first=1, count=1, previous="00", signature="", schema=1
)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
SEGMENTS = Manifest(
    device="d", incarnation=1, lineage="L", seq=4, digest="1:ff", acked=0, own=[(1, 2)],
    shape={"call": [("a", "text", "fact")]}, time=5,
    parts=[manifest.Part(seq=4, key="a" * 64, digest="1:ff", segments=[Segment("b" * 64, 5, 1)])],
)  # fmt: skip


WORDS = Body(kind="call", id="x", scope="c", data_class="P3", action="create", staff="s", schema=1, stamp="0" * 29)


def body_of(head: object, line: bytes) -> bytes:
    return msgspec.json.encode(head) + b"\n" + line


@given(bent(body_of(PULL, LINE)))
@example(DEEP)
def test_a_bent_page_of_the_feed_is_read_whole_or_not_at_all(plain: bytes) -> None:
    try:
        head, placed = wire.decode_pull(wire.pack(plain))
    except BadMessage:
        return
    assert head.count == len(placed)


@given(bent(body_of(PUSH, LINE)))
@example(DEEP)
def test_a_bent_push_is_read_whole_or_not_at_all(plain: bytes) -> None:
    try:
        head, placed = wire.decode_push(wire.pack(plain))
    except BadMessage:
        return
    assert [one.n for one in placed] == list(range(head.first, head.first + head.count))


def signed(said: bytes) -> bytes:
    return wire.pack(wire.text64(KEY.sign(manifest._CONTEXT + said)).encode() + b"\n" + said)


@given(bent(msgspec.json.encode(SEGMENTS)))
@example(DEEP)
def test_a_bent_list_of_segments_is_refused_also_when_it_is_signed(said: bytes) -> None:
    assert manifest.unseal(manifest.seal(SEGMENTS, KEY), KEY.public_key()) == SEGMENTS
    try:
        found = manifest.unseal(signed(said), KEY.public_key())
    except BadMessage:
        return
    every = [one for part in found.parts for one in part.segments]
    assert all(0 < one.bytes <= manifest.MOST_SEGMENT and len(one.hash) == 64 for one in every)


@given(bent(encode_body(WORDS)))
@example(DEEP)
def test_a_bent_operation_is_read_or_held(data: bytes) -> None:
    try:
        found = decode_body(data)
    except Undecodable:
        return
    assert "\x00" not in found.id + found.kind + found.scope


@given(bent(b'{"step":"bucket","scope":"c","bucket":"a","kind":"call","prefix":"","id":""}'))
@example(DEEP)
def test_a_bent_question_for_a_proof_is_understood_or_refused(data: bytes) -> None:
    try:
        found = read_ask(data)
    except Refusal:
        return
    assert "\x00" not in found.scope


SHAPES: tuple[Any, ...] = (
    Health, Enrolled, SessionGiven, Devices, Receipt, EmergencyGiven, list[HeldOperation], proof.Told,
    door.Approved,
)  # fmt: skip
SAID = b'{"lineage":"L","device":"ag01","time":5,"devices":[],"token":"x","acked":1,"seq":3,"digest":"1:ff","p":1}'


STATUSES = st.sampled_from([200, 200, 204, 302, 400, 413, 429, 500, 599])
KINDS = st.sampled_from(["application/json", "text/html", ""])
LATER = st.sampled_from(["", "5", "9" * 30, "²", "-1"])


@given(st.sampled_from(SHAPES), bent(SAID), STATUSES, KINDS, LATER)
@example(Health, DEEP, 200, "application/json", "")
@example(Health, DEEP, 503, "application/json", "")
def test_a_bent_answer_of_a_server_is_understood_or_is_one_trouble_in_words(
    shape: Any, data: bytes, status: int, kind: str, later: str
) -> None:
    advice = "."
    try:
        client._said(Answer(status=status, kind=kind, body=data, retry_after=later), shape)
    except Trouble as said:
        advice = said.advice
    assert advice.endswith((".", "!", "?"))
    assert "\n" not in advice


@given(bent(b'{"lineage":"L","acked":4,"centre_acked":4,"backed_up":0,"last_seq":4,"held":[]}'))
@example(DEEP)
def test_a_bent_answer_to_a_push_is_understood_or_refused(data: bytes) -> None:
    for read in (wire.decode_answer, wire.decode_problem):
        try:
            assert isinstance(read(data), PushAnswer | wire.Problem)
        except BadMessage:
            continue


@given(st.binary(max_size=120), st.binary(max_size=40))
def test_words_closed_to_the_centre_open_whole_or_stay_as_they_came(junk: bytes, salt: bytes) -> None:
    key = X25519PrivateKey.from_private_bytes(bytes(range(32)))
    kept, closed = closing.close(key.public_key(), salt, b'{"a":1}' + base64.b64encode(junk))
    assert closing.opened(key, Placed("d", 1, 1, 1, kept, closed)).salt == salt
    for other in (closed[:-1], closed + b"=", closed[: len(closed) // 2], closed.replace(b"A", b"B")):
        one = Placed("d", 1, 1, 1, kept, other)
        assert other == closed or closing.opened(key, one) == one


@cache
def stick() -> tuple[bytes, X25519PrivateKey]:
    """A volume with two acts on it, and the key it is sealed to."""
    key = X25519PrivateKey.from_private_bytes(bytes(range(32)))
    raw = key.public_key().public_bytes_raw()
    opening = Opening(
        bundle="b" * 16, device="ag01", incarnation=1, p=1, to="L", lineage="L", cursor=0, reply_key="", made=5,
        reply_secret="",
    )  # fmt: skip
    part = Part(bundle="b" * 16, device="ag01", incarnation=1, volume=1, first=1, last=1)
    with tempfile.TemporaryDirectory() as folder:
        with VolumeWriter(Path(folder), opening, seal.UP, raw, KEY.sign, os.urandom) as writer:
            writer.add(part, b"one")
            writer.add(part, b"two" * 50)
            (name,) = writer.finish()
        return (Path(folder) / name).read_bytes(), key


@given(st.data())
def test_of_a_bent_volume_every_letter_that_opens_is_one_that_was_written(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    good, key = stick()
    cuts = st.tuples(st.integers(0, len(good)), st.integers(0, 300), st.binary(max_size=60))
    raw = data.draw(st.one_of(st.binary(max_size=200), st.just(good), bent(good)))
    for at, length, put in data.draw(st.lists(cuts, max_size=3)):
        raw = raw[:at] + put + raw[at + length :]
    path = tmp_path_factory.mktemp("stick") / "b-001.t111"
    path.write_bytes(raw)
    report = VolumeRead(path.name)

    def unseal(sealed: bytes) -> bytes | None:
        return seal.unseal(seal.UP, key, sealed)

    found = list(read_volume(path, key.public_key().public_bytes_raw(), unseal, report))
    assert all(one.body in (b"", b"one", b"two" * 50) for one in found)
    assert len(found) == report.letters
    if raw == good:
        assert (report.whole, report.damaged, len(found)) == (True, 0, 4)
    elif report.ours:
        assert report.damaged or not report.whole or report.letters == 4


def test_a_file_of_any_size_with_a_volumes_name_is_not_read_into_memory(tmp_path: Path) -> None:
    path = tmp_path / "x-001.t111"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    report = VolumeRead(path.name)
    assert list(read_volume(path, bytes(32), lambda _sealed: None, report)) == []
    assert not report.ours


def test_a_folder_in_place_of_a_volume_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StickGone):
        list(read_volume(tmp_path, bytes(32), lambda _sealed: None, VolumeRead("")))


SEALED = bytes(range(256)) * 2


@given(st.lists(st.tuples(st.integers(0, 700), st.binary(max_size=700) | st.just(SEALED)), max_size=6))
def test_whatever_is_sent_of_an_attachment_never_takes_more_room_than_it_said(
    tmp_path_factory: pytest.TempPathFactory, parts: list[tuple[int, bytes]]
) -> None:
    shelf = Shelf(tmp_path_factory.mktemp("blobs") / "shelf")
    shelf.prepare()
    plan = Plan(len(SEALED) - 16, (chunk_name(SEALED),))
    for offset, data in parts:
        before = offset_of(shelf, plan)
        try:
            after = take(shelf, plan, offset, data)
        except Broken:
            after = offset_of(shelf, plan)
            assert after == 0, "what was not of its name is thrown away whole"
        assert before in (after, offset)
        kept = sum(path.stat().st_size for path in shelf.root.rglob("*") if path.is_file())
        assert kept <= plan.sealed
    if shelf.has(plan.chunks[0]):
        assert hashlib.sha256(shelf.read(plan.chunks[0])).hexdigest() == plan.chunks[0]


NAMES = st.none() | st.sampled_from(["", "AA==", "A" * 44, "²", base64.b64encode(bytes(32)).decode()])


@given(st.integers(-5, 1 << 60) | st.none(), NAMES, st.integers(-5, 1 << 60) | st.none())
def test_a_plan_that_contradicts_itself_is_none_whatever_numbers_it_names(
    size: int | None, packed: str | None, count: int | None
) -> None:
    found = plan_of(size, packed, count)
    assert found is None or len(found.chunks) == max(1, -(-found.size // CHUNK))

