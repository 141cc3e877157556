"""The centre's door: codes, sessions, limits, OpenAPI, and nothing but refusals for bad input."""

from __future__ import annotations

import base64
import logging
import random
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import quote

import msgspec
import pytest
import requests
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.operations.enrolment import FAILURES_EACH, LASTS_MS, WINDOW_MS
from server.operations.sessions import LASTS_MS as SESSION_MS
from server.store import accounts
from sync import door, manifest, transport, wire
from sync.troubles import ServerTrouble, SignedOut, TooLarge
from tests.server.ground import PATIENCE_S, Desk, InThread, Running, enrol_desk, running, signed
from tests.server.tap import Tap

MakeDesk = Callable[..., Desk]
ROUTES = {
    ("get", door.HEALTH), ("post", door.ENROL), ("get", door.NONCE), ("post", door.SESSION),
    ("post", door.PUSH), ("get", door.PULL), ("get", door.SCOPE), ("get", door.HELD),
    ("post", door.BLOB), ("head", f"{door.BLOB}/{{record}}"), ("get", f"{door.BLOB}/{{record}}"),
    ("patch", f"{door.BLOB}/{{record}}"), ("post", door.PROOF), ("get", door.RECEIPT), ("get", door.DEVICES),
    ("post", door.EMERGENCY), ("post", door.APPROVE), ("get", manifest.BOOTSTRAP),
    ("get", manifest.SEGMENT + "/{name}"),
}  # fmt: skip


def new_key() -> bytes:
    return Ed25519PrivateKey.generate().public_key().public_bytes_raw()


def token_of(desk: Desk) -> str:
    return desk.road._session_token(stale="")


def test_a_code_makes_one_device_and_no_second(centre: Running) -> None:
    code = centre.code("AG07")
    key = new_key()
    made = transport.enrol(centre.url, code.lower().replace("-", " "), key, "máy An Giang")
    assert (made.centre, made.seat, made.centre_digit) == ("an_giang", "AG07", 3)
    assert made.lineage == centre.centre.lineage
    with pytest.raises(SignedOut, match="xin trưởng ca một mã mới"):
        transport.enrol(centre.url, code, new_key(), "máy lạ")
    assert transport.enrol(centre.url, code, key, "máy An Giang") == made
    assert list(centre.centre.read(accounts.device_centres)) == [made.device]


def test_an_expired_code_is_refused(embedded: Running) -> None:
    code = embedded.code()
    embedded.clock.pass_ms(LASTS_MS)
    with pytest.raises(SignedOut, match="hết hạn"):
        transport.enrol(embedded.url, code, new_key(), "")


def test_guessing_codes_is_slowed_and_a_right_one_waits_its_turn(embedded: Running) -> None:
    code = embedded.code()
    for _ in range(FAILURES_EACH):
        with pytest.raises(SignedOut):
            transport.enrol(embedded.url, "AAAA-BBBB-CCCC", new_key(), "")
    with pytest.raises(ServerTrouble) as told:
        transport.enrol(embedded.url, code, new_key(), "")
    assert told.value.retry_after_ms == WINDOW_MS
    embedded.clock.pass_ms(WINDOW_MS)
    assert transport.enrol(embedded.url, code, new_key(), "").seat == "AG01"


def test_a_session_that_ended_is_renewed_without_a_word(embedded: Running, desks: MakeDesk) -> None:
    one = desks(embedded)
    one.pull()
    first = token_of(one)
    assert len(first) <= door.TOKEN_LETTERS
    embedded.clock.pass_ms(SESSION_MS)
    one.write_calls(range(1))
    assert one.push().acked == 1
    assert token_of(one) != first


def test_a_nonce_serves_once_and_only_the_devices_own_key(embedded: Running, desks: MakeDesk) -> None:
    one = desks(embedded)
    nonce = requests.get(embedded.url + door.NONCE, timeout=PATIENCE_S).json()["nonce"]
    signature = one.key.sign(door.session_claim(one.enrolled.device, 1, nonce))
    claim = {
        "device": one.enrolled.device,
        "incarnation": 1,
        "nonce": nonce,
        "signature": base64.b64encode(signature).decode(),
    }
    statuses = [
        requests.post(embedded.url + door.SESSION, json=claim, timeout=PATIENCE_S).status_code for _ in range(2)
    ]
    assert statuses == [200, 401]
    one.road._sign = Ed25519PrivateKey.generate().sign
    with pytest.raises(SignedOut):
        one.pull()


def test_a_revoked_device_is_told_and_gets_nothing(embedded: Running, desks: MakeDesk) -> None:
    one = desks(embedded)
    revoke = accounts.device.update().values(revoked_at=1)
    embedded.centre.lane.do(lambda c: c.execute(revoke).rowcount)
    with pytest.raises(SignedOut):
        one.pull()


def test_no_route_of_the_road_answers_without_a_session(embedded: Running) -> None:
    for method, path in sorted(ROUTES):
        if path in (door.PUSH, door.PULL, door.SCOPE, door.HELD):
            for headers in ({}, {"Authorization": "Bearer none"}, {"Authorization": "Basic eA=="}):
                answer = requests.request(method, embedded.url + path, headers=headers, timeout=PATIENCE_S)
                assert answer.status_code == 401, path
                assert wire.decode_problem(answer.content).code == "unknown_device"


def test_a_batch_beyond_the_limit_is_too_large(embedded: Running, desks: MakeDesk) -> None:
    one = desks(embedded)
    with pytest.raises(TooLarge):
        one.road.push(random.Random(1).randbytes(wire.MAX_BYTES + 1), 30.0)
    bomb = zstandard.ZstdCompressor().compress(bytes(wire.MAX_BYTES + 1))
    assert len(bomb) < 10_000
    with pytest.raises(TooLarge):
        one.road.push(bomb, PATIENCE_S)


def test_more_pushes_than_the_centre_takes_are_told_to_come_back(tmp_path: Path) -> None:
    with running(tmp_path, pushes_in_flight=1) as centre:
        one = enrol_desk(centre)
        one.write_calls(range(1))
        batch = one.batch(one.node.outbox())
        token_of(one)
        entered, go = threading.Event(), threading.Event()

        def blocked(_connection: object) -> None:
            entered.set()
            assert go.wait(PATIENCE_S)

        blocking = InThread(lambda: centre.centre.lane.do(blocked))
        assert entered.wait(PATIENCE_S)
        first = InThread(lambda: one.road.push(batch, PATIENCE_S))
        while centre.serving.counter.bulk.inside == 0:
            assert requests.get(centre.url + door.HEALTH, timeout=PATIENCE_S).status_code == 200
        with pytest.raises(ServerTrouble) as told:
            one.road.push(batch, PATIENCE_S)
        assert told.value.retry_after_ms is not None
        assert 2_000 <= told.value.retry_after_ms <= 8_000
        quick = InThread(lambda: one.road.push(batch, PATIENCE_S, urgent=True))
        while centre.serving.counter.urgent.inside == 0:
            assert requests.get(centre.url + door.HEALTH, timeout=PATIENCE_S).status_code == 200
        go.set()
        blocking.outcome()
        first.outcome()
        quick.outcome()
        assert one.road.push(batch, PATIENCE_S).acked == 1
        one.close()


def test_an_urgent_push_is_committed_before_all_that_wait(tmp_path: Path) -> None:
    with running(tmp_path) as centre:
        lane = centre.centre.lane
        entered, go = threading.Event(), threading.Event()
        order: list[str] = []

        def blocked(_connection: object) -> None:
            entered.set()
            assert go.wait(PATIENCE_S)

        waiting = [InThread(lambda: lane.do(blocked))]
        assert entered.wait(PATIENCE_S)
        for name in ("bulk 1", "bulk 2"):
            waiting.append(InThread(partial(lane.do, partial(_note, order, name))))
            while len(lane._orders) < len(waiting) - 1:
                assert requests.get(centre.url + door.HEALTH, timeout=PATIENCE_S).status_code == 200
        waiting.append(InThread(partial(lane.do, partial(_note, order, "urgent"), urgent=True)))
        while not lane._urgent:
            assert requests.get(centre.url + door.HEALTH, timeout=PATIENCE_S).status_code == 200
        go.set()
        for one in waiting:
            one.outcome()
        assert order == ["urgent", "bulk 1", "bulk 2"]


def _note(order: list[str], name: str, _connection: object) -> None:
    order.append(name)


def test_a_large_push_that_calls_itself_urgent_goes_with_the_others(embedded: Running, desks: MakeDesk) -> None:
    one = desks(embedded)
    path, body = f"{door.PUSH}?urgent=1", random.Random(2).randbytes(door.MOST_URGENT + 1)
    said = requests.post(
        embedded.url + path,
        data=body,
        headers=signed(one.road, "POST", path, body) | {"content-type": wire.CONTENT_TYPE},
        timeout=PATIENCE_S,
    )
    assert said.status_code == 400
    assert wire.decode_problem(said.content).code == "bad_message"


def test_openapi_describes_every_route_and_only_those(embedded: Running) -> None:
    said = requests.get(embedded.url + "/openapi.json", timeout=PATIENCE_S).json()
    described = {(method, path) for path, methods in said["paths"].items() for method in methods}
    assert described == ROUTES
    push = said["paths"][door.PUSH]["post"]
    assert push["requestBody"]["content"][wire.CONTENT_TYPE]["schema"]["format"] == "binary"
    assert {"200", "400", "401", "403", "409", "413", "503"} == set(push["responses"])
    pull = said["paths"][door.PULL]["get"]
    assert wire.CONTENT_TYPE in pull["responses"]["200"]["content"]
    assert {"200", "204", "400", "401", "403", "503"} == set(pull["responses"])
    assert {one["name"] for one in pull["parameters"]} == {"c", "limit", "wait", "z"}
    assert all("422" not in one["responses"] for methods in said["paths"].values() for one in methods.values())


def fuzzed(chance: random.Random, desk: Desk) -> tuple[str, str, dict[str, str], bytes]:
    """One request that no desk would send."""
    method, path = chance.choice(sorted(ROUTES))
    known = chance.random() < 0.8
    words = ["", "0", "-1", "1e9", "9" * 20, "nan", "inf", "a.b", ".1", "..", "\x00", "é", "💣", "[]", "true"]
    if method == "get":
        names = chance.choices(["c", "limit", "wait", "scope", "upto", "past", "x"], k=4)
        if path != door.PULL or "wait" not in names:
            path += "?" + "&".join(f"{n}={quote(chance.choice(words))}" for n in names)
        return method, path, signed(desk.road, "GET", path) if known else {}, b""
    body: bytes = chance.choice(
        [
            b"", b"{}", b"null", b"[" * 5_000, chance.randbytes(40), b'{"code": 1}', b'\xff\xfe"',
            msgspec.json.encode({"code": "x" * 70, "key": "", "name": "\x00"}),
            msgspec.json.encode({"device": "\x00", "incarnation": True, "nonce": "", "signature": "A" * 88}),
            msgspec.json.encode({"device": "\x00", "incarnation": 1, "nonce": "n", "signature": "A" * 86 + "=="}),
            b'{"device": "x", "incarnation": 1, "nonce": "\\ud800", "signature": "' + b"A" * 86 + b'=="}',
            b'{"code": "\\ud800", "key": "' + b"A" * 43 + b'=", "name": ""}',
            wire.pack(chance.randbytes(50)), wire.pack(b"{}\n"), wire.pack(b""),
        ]
    )  # fmt: skip
    headers = signed(desk.road, method.upper(), path, body) if known else {}
    headers["Content-Type"] = chance.choice([wire.CONTENT_TYPE, "application/json", "text/html", "x"])
    return method, path, headers, body


def test_no_bad_input_is_ever_a_fault_of_the_server(
    centre: Running, desks: MakeDesk, rounds: Callable[[int], int]
) -> None:
    one = desks(centre)
    one.pull()
    chance = random.Random(20_261_123)
    with requests.Session() as session:
        for turn in range(rounds(800)):
            method, path, headers, body = fuzzed(chance, one)
            answer = session.request(method, centre.url + path, headers=headers, data=body, timeout=PATIENCE_S)
            assert answer.status_code < 500, (turn, method, path, body)
            if answer.status_code >= 400 and method != "head":  # which has no body
                assert wire.decode_problem(answer.content).code, (turn, method, path)
            if answer.status_code == 429:
                centre.clock.pass_ms(WINDOW_MS)
    one.write_calls(range(1))
    assert one.push().acked == 1


def test_the_log_holds_no_word_of_a_child(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    canary = "Nguyễn-Thị-Chim-Hoàng-Yến"

    def fails(_connection: object) -> None:
        raise RuntimeError(canary)

    with running(tmp_path) as centre:
        one = enrol_desk(centre)
        one.write_contact("a", canary)
        one.push()
        one.pull()
        lost = requests.get(f"{centre.url}/v1/{canary}?ten={canary}", timeout=PATIENCE_S)
        requests.post(centre.url + door.ENROL, json={"code": canary}, timeout=PATIENCE_S)
        with pytest.raises(RuntimeError):
            centre.centre.lane.do(fails)
        one.close()
    ours = [r.getMessage() for r in caplog.records if r.name.startswith(("tram111", "uvicorn", "asyncio"))]
    assert any("push device=" in line for line in ours)
    assert any(lost.headers["X-Request-ID"] in line for line in ours)
    assert not [line for line in ours if "Chim" in line or "ten=" in line]


def test_a_fault_of_ours_is_told_without_its_words(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_work: object) -> None:
        raise RuntimeError("tên của em bé")

    with running(tmp_path) as centre:
        monkeypatch.setattr(centre.centre, "read", broken)
        answer = requests.get(centre.url + door.HEALTH, timeout=PATIENCE_S)
    assert answer.status_code == 500
    assert wire.decode_problem(answer.content).code == "busy"
    told = "\n".join(r.getMessage() + (r.exc_text or "") for r in caplog.records)
    assert "RuntimeError" in told
    assert "em bé" not in told


def test_an_empty_exchange_with_a_warm_token_is_under_five_hundred_bytes(embedded: Running, desks: MakeDesk) -> None:
    one = desks(embedded)
    with Tap(embedded.url) as tap:
        one.road.close()
        one.road = transport.HttpTransport(tap.url, one.enrolled.device, 1, one.key.sign)
        one.pull()
        before = tap.bytes
        assert one.pull() == 0
        said_digest = tap.bytes - before
        before = tap.bytes
        assert one.road.pull(one.lineage, one.cursor, 1_000, 0.05, PATIENCE_S) is None
        nothing = tap.bytes - before
        one.road.close()
    print(f"no news {nothing} bytes, with the digest {said_digest} bytes, both ways")
    assert nothing <= 300
    assert said_digest <= 500


def test_an_answer_does_not_wait_for_the_askers_acknowledgement(embedded: Running) -> None:
    with requests.Session() as session:
        quickest = min(
            session.get(embedded.url + door.NONCE, timeout=PATIENCE_S).elapsed.total_seconds() for _ in range(60)
        )
    assert quickest < 0.030, "Nagle's algorithm holds back the body of every answer"
