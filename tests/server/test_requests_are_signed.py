"""S-11, S-12: what was captured, changed or signed by another key does nothing at a centre."""

from __future__ import annotations

import http.client
import random
from collections import Counter
from collections.abc import Callable, Iterator
from hashlib import sha256
from itertools import count
from typing import TYPE_CHECKING

import msgspec
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from server.operations.push import accept_push
from server.operations.refusals import Refusal
from server.operations.sessions import REMEMBERED, Session
from server.store import accounts
from sync import door, manifest, packing, wire
from sync.replica import tables
from tests.server.ground import PATIENCE_S, Desk, Running, signed

if TYPE_CHECKING:
    from server.store.accounts import Device
    from server.store.engine import Connection
    from sync.operation import Placed

MakeDesk = Callable[..., Desk]
JSON = {"Content-Type": "application/json"}
KINDS = ("packed flip", "flip", "drop", "repeat", "swap", "salt", "splice", "cut", "replay", "renumber")
ASK = b'{"step":"buckets"}'


def asked(desk: Desk) -> list[tuple[str, str, bytes, dict[str, str]]]:
    """One good request for every route that asks who speaks, without its proof."""
    digest = f"0:{0:064x}"
    return [
        ("GET", f"{door.PULL}?c={desk.lineage}.{desk.cursor}&limit=10", b"", {}),
        ("GET", f"{door.SCOPE}?scope=dossier:x&upto=9&past=0", b"", {}),
        ("GET", door.HELD, b"", {}),
        ("GET", f"{door.RECEIPT}?digest={digest}", b"", {}),
        ("POST", door.PROOF, ASK, JSON),
        ("GET", f"{manifest.BOOTSTRAP}?least=5", b"", {}),
        ("GET", f"{manifest.SEGMENT}/{'0' * 64}", b"", {"Range": "bytes=0-9"}),
        ("HEAD", f"{door.BLOB}/khong-co", b"", {}),
        ("GET", f"{door.BLOB}/khong-co", b"", {"Range": "bytes=0-9"}),
    ]


def test_a_captured_request_sent_again_is_refused_every_time(
    embedded: Running, desks: MakeDesk, rounds: Callable[[int], int]
) -> None:
    one = desks(embedded)
    one.pull()
    refused = 0
    with requests.Session() as web:
        for turn in range(rounds(1_000)):
            method, path, body, headers = asked(one)[turn % 9]
            said = headers | signed(one.road, method, path, body)
            first = web.request(method, embedded.url + path, data=body or None, headers=said, timeout=PATIENCE_S)
            assert first.status_code != 401, path
            again = web.request(method, embedded.url + path, data=body or None, headers=said, timeout=PATIENCE_S)
            refused += again.status_code == 401
        one.write_calls(range(1))
        batch = one.batch(one.node.outbox())
        said = signed(one.road, "POST", door.PUSH, batch) | {"Content-Type": wire.CONTENT_TYPE}
        for expected in (200, 401, 401):
            answer = web.post(embedded.url + door.PUSH, data=batch, headers=said, timeout=PATIENCE_S)
            assert answer.status_code == expected
    assert refused == rounds(1_000)
    assert one.pull() == 0, "the desk itself goes on with its session"


def test_a_proof_serves_for_its_own_method_path_body_token_and_key_only(embedded: Running, desks: MakeDesk) -> None:
    one, other = desks(embedded), desks(embedded, "AG02")
    one.pull()
    other.pull()

    def status(method: str, path: str, said: dict[str, str], body: bytes = b"") -> int:
        answer = requests.request(
            method, embedded.url + path, data=body or None, headers=said | JSON, timeout=PATIENCE_S
        )
        return answer.status_code

    assert status("GET", door.HELD, signed(one.road, "GET", door.HELD)) == 200
    assert status("GET", f"{door.HELD}?x=1", signed(one.road, "GET", door.HELD)) == 401
    assert status("GET", door.HELD, signed(one.road, "HEAD", door.HELD)) == 401
    assert status("POST", door.PROOF, signed(one.road, "POST", door.PROOF, ASK), ASK + b" ") == 401
    assert status("POST", door.PROOF, signed(one.road, "POST", door.PROOF), ASK) == 401
    assert status("POST", door.PROOF, signed(one.road, "POST", door.PROOF, ASK), ASK) == 200
    # A stolen token is worth nothing with another key, even one that the centre knows.
    token = one.road._session_token(stale="")
    for key in (other.key, Ed25519PrivateKey.generate()):
        claim = door.request_claim("GET", door.HELD, sha256(b"").digest(), token, 900)
        said = door.write_credentials(door.Credentials(token, 900, key.sign(claim)))
        assert status("GET", door.HELD, {"Authorization": f"Bearer {said}"}) == 401
    for bare in (token, f"{token}.901", f"{token}.901.", f"{token}.0.{'A' * 86}", f"{token}.901.{'A' * 85}é"):
        said_bare = {"Authorization": f"Bearer {bare}".encode().decode("latin-1")}
        assert status("GET", door.HELD, said_bare) == 401, bare


def test_requests_overtake_each_other_but_none_serves_twice(embedded: Running, desks: MakeDesk) -> None:
    one = desks(embedded)
    one.pull()
    many = [signed(one.road, "GET", door.HELD) for _ in range(40)]
    late = signed(one.road, "GET", door.HELD)
    random.Random(7).shuffle(many)
    with requests.Session() as web:
        said = [web.get(embedded.url + door.HELD, headers=h, timeout=PATIENCE_S).status_code for h in many * 2]
        assert said == [200] * 40 + [401] * 40
        for _ in range(REMEMBERED):
            last = signed(one.road, "GET", door.HELD)
        assert web.get(embedded.url + door.HELD, headers=last, timeout=PATIENCE_S).status_code == 200
        assert web.get(embedded.url + door.HELD, headers=late, timeout=PATIENCE_S).status_code == 401


def bit_flipped(chance: random.Random, text: str) -> str:
    """Other by one bit, and still to be written into a line of HTTP."""
    while True:
        at, bit = chance.randrange(len(text)), 1 << chance.randrange(7)
        letter = chr(ord(text[at]) ^ bit)
        if "!" <= letter <= "~":
            return text[:at] + letter + text[at + 1 :]


def bent(
    chance: random.Random, method: str, path: str, body: bytes, proof: str, others: list[str]
) -> tuple[str, tuple[str, str, bytes, str]]:
    """A captured request as somebody in between might send it on: method, path, body, proof."""
    kind = chance.choice(("replay", "proof", "path", "body", "method", "other's proof", "renumbered", "cut"))
    token, number, signature = proof.split(".")
    match kind:
        case "proof":
            proof = bit_flipped(chance, proof)
        case "path":
            path = "/" + bit_flipped(chance, path[1:])
        case "body" if body:
            at = chance.randrange(len(body))
            body = body[:at] + bytes([body[at] ^ 1 << chance.randrange(8)]) + body[at + 1 :]
        case "body":
            body = b"x"
        case "method":
            method = {"GET": "HEAD", "HEAD": "GET", "POST": "PUT"}[method]
        case "other's proof":
            proof = chance.choice(others)
        case "renumbered":
            proof = f"{token}.{int(number) + chance.choice((1, 2, 1_000))}.{signature}"
        case "cut":
            proof = proof[: chance.randrange(len(proof))]
    return kind, (method, path, body, proof)


@pytest.mark.soak("signed")
def test_no_request_replayed_changed_or_put_in_anothers_place_is_served(
    embedded: Running, desks: MakeDesk, rounds: Callable[[int], int]
) -> None:
    one, seed = desks(embedded), 20_261_126
    one.pull()
    one.write_calls(range(2))
    one.push()
    chance, others, tried = random.Random(seed), list[str](), Counter[str]()
    served: list[tuple[str, str, int]] = []
    line = http.client.HTTPConnection(embedded.url.removeprefix("http://"), timeout=PATIENCE_S)

    def status(method: str, path: str, body: bytes, proof: str, headers: dict[str, str]) -> int:
        line.request(method, path, body or None, {**headers, "Authorization": f"Bearer {proof}"})
        answer = line.getresponse()
        answer.read()
        return answer.status

    def proven(method: str, path: str, body: bytes) -> str:
        return signed(one.road, method, path, body)["Authorization"].removeprefix("Bearer ")

    asks = [*asked(one), ("POST", door.PUSH, one.batch(one.node.outbox()), {"Content-Type": wire.CONTENT_TYPE})]
    others += [proven(method, path, body) for method, path, body, _ in asks]
    for (method, path, body, headers), proof in zip(asks, others, strict=True):
        assert status(method, path, body, proof, headers) not in (401, 500), path  # captured: it was good, once
    while tried.total() < rounds(10_000):
        method, path, body, headers = asks[tried.total() % len(asks)]
        proof = proven(method, path, body)
        # What is replayed has been served before; what is changed overtakes the request it was made of.
        kind, mutant = bent(chance, method, path, body, proof, others)
        if kind == "replay":
            assert status(method, path, body, proof, headers) != 401, path
        tried[kind] += 1
        answer = status(*mutant, headers)
        if answer < 400 or answer >= 500:
            served.append((kind, path, answer))
    line.close()
    print(f"S-11: {len(served)} of {tried.total()} served (seed {seed}): {sorted(tried.items())}")
    assert served == [], Counter(kind for kind, _, _ in served)
    assert one.pull() == 0, "the desk itself goes on with its session"


def _mutant(chance: random.Random, good: bytes, older: list[bytes]) -> tuple[str, bytes]:
    """The same batch as a hostile relay might hand it on."""
    kind = chance.choice(KINDS)
    raw = bytearray(wire.unpack(good))
    lines = bytes(raw).split(b"\n")
    at = chance.randrange(1, len(lines))
    match kind:
        case "packed flip":
            bent = bytearray(good)
            bent[chance.randrange(len(bent))] ^= 1 << chance.randrange(8)
            return kind, bytes(bent)
        case "flip":
            raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
            return kind, packing.pack(bytes(raw))
        case "drop":
            lines.pop(at)
        case "repeat":
            lines.insert(at, lines[at])
        case "swap":
            other = chance.randrange(1, len(lines))
            lines[at], lines[other] = lines[other], lines[at]
        case "salt":
            place, _, body = lines[at].partition(b"\t")
            parts = msgspec.json.decode(place)
            parts[5] = wire.text64(chance.randbytes(16))
            lines[at] = msgspec.json.encode(parts) + b"\t" + body
        case "splice":
            lines[0] = wire.unpack(chance.choice(older)).split(b"\n")[0]
        case "cut":
            lines = lines[:at]
        case "replay":
            return kind, chance.choice(older)
        case "renumber":
            head = msgspec.json.decode(lines[0])
            head["first"] += chance.choice([-1, 1, 40])
            head["incarnation"] += chance.choice([0, 1])
            lines[0] = msgspec.json.encode(head)
    if kind in ("drop", "repeat", "cut") and chance.random() < 0.7:  # a relay that counts anew
        head = msgspec.json.decode(lines[0])
        head["count"] = len(lines) - 1
        lines[0] = msgspec.json.encode(head)
    return kind, packing.pack(b"\n".join(lines))


def _batches(desk: Desk) -> Iterator[list[Placed]]:
    for turn in count(1):
        desk.write_calls(range(turn * 10, turn * 10 + 4))
        yield list(desk.node.outbox())[-4:]


@pytest.mark.soak("signed")
def test_no_change_that_the_device_did_not_sign_is_ever_taken(
    embedded: Running, desks: MakeDesk, rounds: Callable[[int], int]
) -> None:
    one = desks(embedded)
    seed = 20_261_125
    chance = random.Random(seed)
    account = embedded.centre.read(lambda c: _account(c, one.enrolled.device))
    session = Session(account, 1, 1 << 62)
    written: dict[int, tuple[int, bytes, bytes]] = {}
    older: list[bytes] = []
    batches = _batches(one)
    tried, unchanged = 0, 0
    faults: list[str] = []
    while tried < rounds(10_000):
        placed = next(batches)
        written.update({p.n: (p.group, p.salt, p.body) for p in placed})
        good = one.batch(placed)
        for _ in range(50):
            kind, bent = _mutant(chance, good, older or [good])
            tried += 1
            try:
                accept_push(embedded.centre, session, bent)
            except Refusal as refused:
                faults += [kind] * (refused.status >= 500)
            else:
                unchanged += 1
        accept_push(embedded.centre, session, good)
        older.append(good)
    log = tables.log.c
    rows = embedded.centre.read(
        lambda c: c.execute(
            select(log.n, log.grp, log.salt, log.body, log.incarnation).where(log.device == one.enrolled.device)
        ).all()
    )
    kept = {row.n: (row.grp, bytes(row.salt), bytes(row.body)) for row in rows}
    foreign = sum(written.get(n) != what for n, what in kept.items())
    print(f"seed {seed}: {tried} mutants, {unchanged} changed nothing, {foreign} of {len(rows)} not signed")
    assert not faults
    assert kept == written
    assert len(rows) == len(written)
    assert {row.incarnation for row in rows} == {1}


def _account(connection: Connection, device: str) -> Device:
    found = accounts.find_device(connection, device)
    assert found is not None
    return found
