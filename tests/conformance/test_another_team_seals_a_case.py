"""docs/protocol.md is enough for a restricted case: keys of persons announced, words sealed, the case's key given."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import uuid
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from desktop.store.case_seal import open_key, open_value, unnest_key
from domain.records.sealed import SEALED_FIELDS
from server.operations.staff import write
from tests.conformance.other_desk import OtherDesk, plain
from tests.conformance.other_seal import AES, sealed
from tests.conformance.test_another_team_can_write_a_desk import PAGE, contact, desk
from tests.server.ground import Running, running

NUMBER = "0199c1f2-a3b4-7000-8000-000000000001"
WORDS = "Cháu đang ở nhà dì, gần chợ"


@pytest.fixture
def centre(tmp_path: Path) -> Any:
    with running(tmp_path / "data") as one:
        yield one


def derived(*parts: str) -> str:
    """Section 6: a UUID v8 of strings."""
    whole = b"".join(len(one.encode()).to_bytes(8, "big") + one.encode() for one in parts)
    raw = bytearray(hashlib.sha256(whole).digest()[:16])
    raw[6], raw[8] = raw[6] & 0x0F | 0x80, raw[8] & 0x3F | 0x80
    return str(uuid.UUID(bytes=bytes(raw)))


def boxed(key: bytes, kind: str, record: str, field: str, words: str) -> str:
    nonce = os.urandom(12)
    bound = b"tram111/case value/1\x00" + plain([NUMBER, kind, record, field])
    box = nonce + AESGCM(key).encrypt(nonce, words.encode(), bound)
    return f"sealed/1:{NUMBER}:{base64.b64encode(box).decode()}"


def given(key: bytes, public: bytes, contact_id: str) -> str:
    info = b"tram111/case key/1\x00" + plain([NUMBER, contact_id])
    return base64.b64encode(sealed(public, info, key, AES)).decode()


def public_of(key: X25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def value(one: OtherDesk, kind: str, record: str, field: str) -> Any:
    ((_, found),) = one.records[kind, record][1].heads[field].values()
    return found


def announce(one: OtherDesk, staff: str, key: X25519PrivateKey) -> None:
    said = {"staff": staff, "device": one.device, "public": public_of(key).hex()}
    place = {"k": "person_key", "i": derived("person_key", staff, one.device), "c": f"centre:{one.centre}"}
    one.act({**place, "a": "create", "b": staff, "v": said})
    one.push()


def test_a_case_sealed_by_a_desk_of_another_team_is_opened_by_ours_and_by_nobody_else(centre: Running) -> None:
    author, reader, third = desk(centre, "AG01"), desk(centre, "AG02"), desk(centre, "AG03")
    for staff, seat in (("cg-1", "AG01"), ("cg-2", "AG02"), ("cg-3", "AG03")):
        write(centre.centre, staff, roles=("counsellor",), centre="an_giang", desks=(seat,))
    theirs = X25519PrivateKey.generate()
    announce(reader, "cg-2", theirs)
    author.pull()
    known = [
        key.removeprefix("public_keys/AG02=")
        for (kind, _), (_, record) in author.records.items()
        if kind == "staff"
        for key, heads in record.heads.items()
        if key.startswith("public_keys/AG02=") and heads
    ]
    assert known == [public_of(theirs).hex()], "the centre took the announcement"
    key, scope = os.urandom(32), "dossier:k1"
    case = {"contact_id": "k1", "centre": "an_giang", "opened_by": "cg-1", "restricted": True}
    share = {
        "contact_id": "k1",
        "number": NUMBER,
        "staff": "cg-2",
        "opens_with": known[0],
        "sealed": given(key, bytes.fromhex(known[0]), "k1"),
        "given_by": "cg-1",
        "given_at": author.clock,
    }
    let_in = {"contact_id": "k1", "staff": "cg-2", "given_by": "cg-1", "given_at": author.clock}
    author.act(
        {**contact("k1", summary=boxed(key, "contact", "k1", "summary", WORDS)), "b": "cg-1"},
        {"k": "case", "i": "ca-1", "c": scope, "a": "create", "b": "cg-1", "v": case},
        {"k": "case_key", "i": "ck-1", "c": scope, "a": "create", "b": "cg-1", "d": "P4", "v": share},
        {"k": "case_reader", "i": "cr-1", "c": scope, "a": "create", "b": "cg-1", "v": let_in},
    )
    assert author.push().json()["held"] == []
    for one in (author, reader, third):
        one.pull()
        assert one.total() == one.digest
    assert ("contact", "k1") not in third.records
    found = open_key(theirs, value(reader, "case_key", "ck-1", "sealed"), NUMBER, "k1")
    assert found == key
    shown = value(reader, "contact", "k1", "summary")
    assert WORDS not in shown
    assert open_value(found, ("contact", "k1", "summary"), shown) == WORDS


def test_two_custodians_open_what_was_nested_by_the_page() -> None:
    first, second, key = X25519PrivateKey.generate(), X25519PrivateKey.generate(), os.urandom(32)
    info = b"tram111/case key/1\x00" + plain([NUMBER, "k1"])
    inner = sealed(public_of(first), info + b"\x001", key, AES)
    outer = base64.b64encode(sealed(public_of(second), info + b"\x002", inner, AES)).decode()
    assert unnest_key(first, second, outer, NUMBER, "k1") == key


def test_the_page_names_every_field_that_is_sealed() -> None:
    listed = re.search(r"where a person\s+is\s+\(`([^`]*)`\)", PAGE)
    assert listed is not None
    kinds = dict(one.split(":") for one in " ".join(listed[1].split()).split("; "))
    assert {kind: set(fields.split()) for kind, fields in kinds.items()} == SEALED_FIELDS
