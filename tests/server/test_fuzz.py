"""Every route of the centre under requests made from its own OpenAPI and signed by an enrolled device: no 5xx."""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import pytest
import requests
import schemathesis
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from domain.spoken import words_of
from server.operations.enrolment import make_code
from server.store.audit import audit
from sync import door, manifest, transport, wire
from sync.replica import scopes
from tests.server.filling import manifest_of
from tests.server.ground import PATIENCE_S, Desk, Running, signed
from tests.server.test_blobs import SMALL, attach, fetch_all, road_of, send_all
from tests.server.test_emergency_reads import CODE, WORDS, founded, hired

MakeDesk = Callable[..., Desk]
Route = tuple[str, str]
SEED = 111
WHOLE = 20_000
ONE_BLOB = door.BLOB + "/{record}"
BYTES = {("POST", door.PUSH): wire.CONTENT_TYPE, ("PATCH", ONE_BLOB): door.PART_TYPE}
"""Routes whose body is no JSON, and its type: schemathesis cannot write these, so the bytes are made here."""

TUS = {
    "Tus-Resumable": [door.TUS, "0.2", ""],
    "Upload-Length": [str(SMALL.plan.sealed), "0", "-1", "9" * 30, "mười", "\u00b2"],
    "Upload-Offset": ["0", "1", str(SMALL.plan.sealed), "-1", "9" * 30, "\u00b2"],
    "Upload-Metadata": [f"record {wire.text64(b'tep-2')}", f"record {wire.text64(b'khong-co')}", "record", "x !"],
    "Upload-Checksum": [f"sha256 {wire.text64(sha256(b'').digest())}", "sha256 x", "md5 eA==", "sha256"],
    "Range": ["bytes=0-9", "bytes=9-0", "bytes=-1", "bytes=0-" + "9" * 30, "bytes=a-b", "bytes=\u00b2-3"],
}
"""Headers of the attachments' road, which OpenAPI does not tell: good ones, and others."""


@dataclass
class Ground:
    """A centre with work in it, devices that sign, and what is really there to be asked for."""

    centre: Running
    desk: Desk
    away: Desk
    far: Desk
    hub: transport.HttpTransport
    batch: bytes
    real: dict[str, list[str]]
    web: requests.Session = field(default_factory=requests.Session)
    sent: Counter[Route] = field(default_factory=Counter)

    def road(self, path: str) -> transport.HttpTransport:
        """Who signs: a hub, or a desk with a grant, where others are always refused."""
        far = dict.fromkeys((door.EMERGENCY, door.APPROVE), self.far.road)
        others = {door.DEVICES: self.hub, door.SCOPE: self.away.road, **far}
        return others.get(path, self.desk.road)

    def newcomer(self) -> None:
        """A device waits at a seat of the regional lead and is let in."""
        key = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
        code = make_code(self.centre.centre, "da_nang", "DN07", approval=True)
        transport.enrol(self.centre.url, code, key, "may-moi")
        said = {"staff": "dn-1", "seat": "DN07", "words": " ".join(words_of(key))}
        self.send("POST", door.APPROVE, json=said)

    def send(self, method: str, path: str, route: str = "", **more: Any) -> int:
        """One request, signed as a device signs it; answers the status. Raises ValueError for what is no HTTP."""
        asked = requests.Request(method, self.centre.url + path, **more)
        ready = self.web.prepare_request(asked)
        body = ready.body.encode() if isinstance(ready.body, str) else ready.body or b""
        assert isinstance(body, bytes)
        ready.headers.update(signed(self.road(route or path.partition("?")[0]), method, ready.path_url, body))
        return self.web.send(ready, timeout=PATIENCE_S, allow_redirects=False).status_code


@pytest.fixture
def ground(embedded: Running, desks: MakeDesk) -> Iterator[Ground]:
    desk, away = desks(embedded, "AG01"), desks(embedded, "HN01", all_cases=True)
    far = desks(embedded, "DN01")
    desk.write_calls(range(20))
    desk.write_contact("t1", case=True)
    for record in ("tep-1", "tep-2"):
        attach(desk, record, SMALL)
    batch = desk.batch(desk.node.outbox())
    founded(desk)
    hired(embedded, "dn-1", "regional_lead", "da_nang")
    for one in (desk, away, far):
        one.pull()
    segments = [one.hash for part in manifest_of(desk).parts for one in part.segments]
    key = Ed25519PrivateKey.generate()
    code = make_code(embedded.centre, "an_giang", "AG01", hub=True)
    named = transport.enrol(embedded.url, code, key.public_key().public_bytes_raw(), "tram-vung")
    real = {
        "record": ["tep-1", "tep-2"],
        "name": segments,
        "c": [f"{desk.lineage}.{n}" for n in (0, 5, desk.cursor)],
        "scope": [scopes.dossier("t1"), scopes.centre("an_giang"), scopes.device_scope(away.enrolled.device)],
        "digest": [desk.own_digest()],
        "device": [desk.enrolled.device, named.device],
        "key": [wire.text64(bytes(32))],
        "signature": [wire.text64(bytes(64))],
        "step": ["buckets", "groups", "lines", "record", "mend"],
        "kind": ["call", "contact"],
        "code": [CODE],
        "staff": ["dn-1"],
        "seat": ["AG07"],
        "words": [" ".join(words_of(bytes(32)))],
        "why": ["on_the_line"],
    }
    hub = transport.HttpTransport(embedded.url, named.device, 1, key.sign)
    made = Ground(embedded, desk, away, far, hub, batch, real)
    yield made
    made.hub.close()
    made.web.close()


def good(ground: Ground) -> None:
    """What honest devices ask of every route."""
    desk = ground.desk
    name = wire.text64(Ed25519PrivateKey.generate().public_key().public_bytes_raw())
    nonce = ground.web.get(ground.centre.url + door.NONCE, timeout=PATIENCE_S).json()["nonce"]
    claim = wire.text64(desk.key.sign(door.session_claim(desk.enrolled.device, 1, nonce)))
    asked = {"device": desk.enrolled.device, "incarnation": 1, "nonce": nonce, "signature": claim}
    ground.send("GET", door.HEALTH)
    ground.send("POST", door.ENROL, json={"code": ground.centre.code("AG05"), "key": name, "name": "may"})
    ground.send("POST", door.SESSION, json=asked)
    ground.send("POST", door.PUSH, data=ground.batch, headers={"Content-Type": wire.CONTENT_TYPE})
    ground.send("GET", f"{door.PULL}?c={ground.real['c'][0]}")
    ground.send("GET", f"{door.SCOPE}?scope={scopes.dossier('t1')}&upto={ground.away.cursor}")
    ground.send("POST", door.EMERGENCY, json={"code": CODE, "staff": "dn-1", "why": "on_the_line", "words": WORDS})
    ground.newcomer()
    ground.send("GET", door.HELD)
    ground.send("GET", door.DEVICES)
    ground.send("GET", f"{door.RECEIPT}?digest={ground.real['digest'][0]}")
    ground.send("POST", door.PROOF, json={"step": "buckets"})
    ground.send("GET", f"{manifest.BOOTSTRAP}?least=0")
    ground.send("GET", f"{manifest.SEGMENT}/{ground.real['name'][0]}", headers={"Range": "bytes=0-9"})
    road = road_of(desk)
    send_all(road, "tep-1", SMALL)
    assert fetch_all(road, "tep-1", SMALL) == SMALL.whole
    road.close()
    ground.send("HEAD", f"{door.BLOB}/tep-1", headers={"Tus-Resumable": door.TUS})


def operations(ground: Ground) -> list[Any]:
    """What the centre itself says that it answers."""
    said = ground.web.get(ground.centre.url + "/openapi.json", timeout=PATIENCE_S).json()
    for method, path in BYTES:
        del said["paths"][path][method.lower()]["requestBody"]
    schema: Any = schemathesis.openapi.from_dict(said)
    return [found.ok() for found in schema.get_all_operations()]


@st.composite
def bodies(draw: st.DrawFn, ground: Ground, route: Route) -> bytes:
    """Bytes for a route that takes bytes: any, or what a device would send with some of it changed."""
    real = ground.batch if route[1] == door.PUSH else SMALL.whole
    if draw(st.booleans()):
        return draw(st.binary(max_size=300))
    data = bytearray(real)
    for _ in range(draw(st.integers(0, 3))):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data[: draw(st.sampled_from([len(data), len(data) // 2, len(data) - 1]))])


@st.composite
def extras(draw: st.DrawFn, ground: Ground, route: Route) -> dict[str, Any]:
    """What is laid over a case: ids that are there, a stray parameter, headers and bytes that OpenAPI cannot tell."""
    over: dict[str, Any] = {"real": draw(st.booleans()), "pick": draw(st.integers(0, 99)), "headers": {}}
    over["stray"] = draw(st.dictionaries(st.text(max_size=8), st.text(max_size=20), max_size=1))
    if route[1].startswith((door.BLOB, manifest.SEGMENT)):
        for name, values in TUS.items():
            if draw(st.integers(0, 3)):
                over["headers"][name] = draw(st.sampled_from([values[0], values[0], *values])).encode("utf-8")
    if route in BYTES:
        over["data"] = draw(bodies(ground, route))
        over["headers"]["Content-Type"] = draw(st.sampled_from([BYTES[route]] * 5 + ["application/json", "x"]))
    return over


def send_case(ground: Ground, route: Route, case: Any, over: dict[str, Any]) -> None:
    """Send one case and count it; what cannot be written as HTTP is not counted."""
    for held in (case.path_parameters, case.query, case.body):
        for name in list(held) if isinstance(held, dict) else ():
            if over.get("real") and name in ground.real:
                held[name] = ground.real[name][over["pick"] % len(ground.real[name])]
    query = {**(case.query or {}), **over.get("stray", {})}
    if _holds(query.get("wait")):
        query["wait"] = 0.0  # a held pull is another test's
    said = case.as_transport_kwargs(base_url="http://x")
    more = {"params": query, "headers": {**(said.get("headers") or {}), **over.get("headers", {})}}
    more |= {name: said[name] for name in ("json", "data") if name in said}
    more |= {"data": over["data"]} if "data" in over else {}
    try:
        ground.send(route[0], said["url"].removeprefix("http://x"), route[1], **more)
    except (ValueError, requests.exceptions.InvalidHeader):
        return
    ground.sent[route] += 1


def _holds(wait: Any) -> bool:
    try:
        return float(wait) > 0 or math.isnan(float(wait))
    except (TypeError, ValueError, OverflowError):
        return False


@pytest.mark.soak("fuzz")
def test_no_signed_request_makes_the_centre_fail(
    ground: Ground, rounds: Callable[[int], int], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "tram111.door")
    good(ground)
    routes = operations(ground)
    each = -(-rounds(WHOLE) // (2 * len(routes) - len(BYTES)))
    for operation in routes:
        route = (operation.method.upper(), operation.path)

        @seed(SEED)
        @settings(
            max_examples=each + 2,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(route=st.just(route), case=operation.as_strategy(), over=extras(ground, route))
        def one(route: Route, case: Any, over: dict[str, Any]) -> None:
            if route not in BYTES:
                send_case(ground, route, case, {})  # as the description has it
            send_case(ground, route, case, over)  # and nearer to what a device sends

        one()
    lines = [record.getMessage().split() for record in caplog.records if record.msg == "%s %s %s %d"]
    answered = [(method, path, int(status)) for _, method, path, status in lines]
    split = Counter(status for _, _, status in answered)
    print(f"fuzz: {ground.sent.total()} cases on {len(routes)} routes (seed {SEED}); {sorted(split.items())}")
    assert ground.sent.total() >= rounds(WHOLE)
    assert len(ground.sent) == len(routes)
    assert {record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR} == set()
    assert [one for one in answered if not 200 <= one[2] < 500] == []
    succeeded = {(method, path) for method, path, status in answered if status < 300}
    assert {(one.method.upper(), one.path) for one in routes} - succeeded == set()
    assert ground.centre.centre.read(audit).differences == []
    ground.desk.write_calls(range(20, 22))
    ground.desk.push()
    ground.desk.pull()
    assert ground.desk.digest == ground.desk.own_digest()
