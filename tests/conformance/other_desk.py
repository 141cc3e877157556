"""A desk of another team: written from docs/protocol.md alone, with nothing of this program."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import Any

import requests
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

TYPE = "application/x-tram111"


def plain(value: object) -> bytes:
    """JSON without spaces, object members in order of their names."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def link(previous: bytes, device: str, incarnation: int, n: int, group: int, salt: bytes, body: bytes) -> bytes:
    """Section 2: hₙ from hₙ₋₁."""
    header = sha(plain([device, incarnation, n, group]))
    content = salt if not body and len(salt) == 32 else sha(salt + body)
    return sha(previous + header + content)


@dataclass
class Operation:
    """Section 1: an operation in its place."""

    device: str
    incarnation: int
    n: int
    group: int
    salt: bytes
    body: bytes
    seq: int = 0

    def line(self) -> bytes:
        salt = base64.b64encode(self.salt).decode()
        return plain([self.seq, self.device, self.incarnation, self.n, self.group, salt]) + b"\t" + self.body

    @staticmethod
    def of(line: bytes) -> Operation:
        place, _, body = line.partition(b"\t")
        seq, device, incarnation, n, group, salt = json.loads(place)
        return Operation(device, incarnation, n, group, base64.b64decode(salt), body, seq)


@dataclass
class Record:
    """Section 3: heads and superseded versions by field; set elements under `field/element`."""

    heads: dict[str, dict[str, tuple[int, Any]]] = field(default_factory=dict)
    gone: dict[str, set[str]] = field(default_factory=dict)

    def apply(self, body: dict[str, Any]) -> None:
        stamp = body["t"]
        for name, versions in body.get("p", {}).items():
            self._supersede(name, versions)
        for name, elements in body.get("-", {}).items():
            for element, versions in elements.items():
                self._supersede(f"{name}/{element}", versions)
        ranks = body.get("r", {})
        for name, value in body.get("v", {}).items():
            self._head(name, stamp, ranks.get(name, 0), value)
        for name, elements in body.get("+", {}).items():
            for element in elements:
                self._head(f"{name}/{element}", stamp, 0, True)

    def _supersede(self, key: str, versions: list[str]) -> None:
        self.gone.setdefault(key, set()).update(versions)
        for version in versions:
            self.heads.get(key, {}).pop(version, None)

    def _head(self, key: str, stamp: str, rank: int, value: object) -> None:
        if stamp not in self.gone.get(key, set()):
            self.heads.setdefault(key, {})[stamp] = (rank, value)

    def number(self, kind: str, record: str, scope: str) -> int:
        """Section 4: the record's part of the digest."""
        fields = [
            [key, [[stamp, rank, value] for stamp, (rank, value) in sorted(heads.items())]]
            for key, heads in sorted(self.heads.items())
            if heads
        ]
        return int.from_bytes(sha(plain([kind, record, scope]) + sha(plain(fields))), "big")


class OtherDesk:
    """Enrols, opens sessions, pushes, pulls and counts as the page says."""

    def __init__(self, url: str, routes: dict[str, str], code: str) -> None:
        self.url, self.routes = url, routes
        self.key = Ed25519PrivateKey.generate()
        self.web = requests.Session()
        public = base64.b64encode(self.key.public_key().public_bytes_raw()).decode()
        said = self.ask("enrol", json={"code": code, "key": public, "name": "máy khác"}).json()
        self.device: str = said["device"]
        self.centre: str = said["centre"]
        self.lineage: str = said["lineage"]
        self.incarnation = 1
        self.head = bytes(32)
        self.n = 0
        self.log: list[Operation] = []
        self.hashes = [bytes(32)]
        self.acked = 0
        self.cursor = 0
        self.digest = ""
        self.records: dict[tuple[str, str], tuple[str, Record]] = {}
        self.clock = said["time"]
        self.token = ""
        self.counter = 0
        self.granted: list[str] = []

    def ask(self, route: str, query: str = "", *, proven: bool = False, **how: Any) -> requests.Response:
        method, path = self.routes[route].split(" ")
        if proven:
            if "json" in how:
                how["data"] = plain(how.pop("json"))
                how["headers"] = {"Content-Type": "application/json", **how.get("headers", {})}
            how["headers"] = {**how.get("headers", {}), **self.bearer(method, path + query, how.get("data", b""))}
        return self.web.request(method, f"{self.url}{path}{query}", timeout=60, **how)

    def open(self) -> None:
        """Section 5: nonce, signed claim, token."""
        nonce = self.ask("nonce").json()["nonce"]
        claim = b"tram111/session/1\x00" + plain([self.device, self.incarnation, nonce])
        signed = base64.b64encode(self.key.sign(claim)).decode()
        said = {"device": self.device, "incarnation": self.incarnation, "nonce": nonce, "signature": signed}
        self.token = self.ask("session", json=said).json()["token"]

    def bearer(self, method: str, target: str, body: bytes) -> dict[str, str]:
        """Section 5: the token, a number used once, and a signature over this request."""
        self.counter += 1
        said = [method, target, sha(body).hex(), self.token, self.counter]
        signature = self.key.sign(b"tram111/request/1\x00" + plain(said))
        proof = base64.urlsafe_b64encode(signature).decode().rstrip("=")
        return {"Authorization": f"Bearer {self.token}.{self.counter}.{proof}"}

    def stamp(self) -> str:
        self.clock += 1
        return f"{self.clock:012x}{0:08x}.{0xABCD1234:08x}"

    def act(self, *bodies: dict[str, Any]) -> list[str]:
        """One act: consecutive operations under one stamp, one group."""
        stamp, group = self.stamp(), self.n + len(bodies)
        for said in bodies:
            body = plain({"d": "P1", "b": "tvv-khac", "s": 1, "t": stamp, **said})
            self.place(group, os.urandom(16), body)
            self.fold(body)
        return [stamp]

    def place(self, group: int, salt: bytes, body: bytes) -> None:
        self.n += 1
        one = Operation(self.device, self.incarnation, self.n, group, salt, body)
        self.head = link(self.head, one.device, one.incarnation, one.n, one.group, salt, body)
        self.log.append(one)
        self.hashes.append(self.head)

    def push(self, first: int = 0, count: int = 0, key: Ed25519PrivateKey | None = None) -> requests.Response:
        """Sends operations from `first` (default: what is not acknowledged)."""
        first = first or self.acked + 1
        part = self.log[first - 1 : first - 1 + count] if count else self.log[first - 1 :]
        last = part[-1].n
        said = plain([self.device, self.incarnation, last, self.hashes[last].hex()])
        signature = (key or self.key).sign(b"tram111/push/1\x00" + said)
        head = {
            "p": 1,
            "device": self.device,
            "incarnation": self.incarnation,
            "lineage": self.lineage,
            "first": first,
            "count": len(part),
            "previous": self.hashes[first - 1].hex(),
            "signature": base64.b64encode(signature).decode(),
            "schema": 1,
            "cursor": self.cursor,
        }
        body = zstandard.ZstdCompressor().compress(b"\n".join([plain(head), *(one.line() for one in part)]))
        said_back = self.ask("push", data=body, headers={"Content-Type": TYPE}, proven=True)
        if said_back.status_code == 200:
            self.acked = said_back.json()["acked"]
        return said_back

    def again_as(self, n: int) -> None:
        """Section 5, fork: raise the incarnation and place the own operations from n on anew."""
        old = self.log[n - 1 :]
        self.incarnation += 1
        self.log, self.hashes, self.head = [], [bytes(32)], bytes(32)
        shift = old[0].n - 1 if old else 0
        self.n = self.acked = self.cursor = 0
        for one in old:
            self.place(one.group - shift, one.salt, one.body)
        self.open()

    def fold(self, body: bytes) -> None:
        said = json.loads(body)
        key = (said["k"], said["i"])
        if said["a"] == "erase":
            self.records.pop(key, None)
            return
        scope, record = self.records.setdefault(key, (said["c"], Record()))
        record.apply(said)
        if said["k"] == "grant" and scope == f"device:{self.device}" and said["a"] == "grant":
            self.granted.append(said["v"]["granted_scope"])

    def pull(self, limit: int = 1_000, wait: float = 0) -> int:
        """Section 5: everything after the cursor; answers how many operations came."""
        count = 0
        while True:
            waits = f"&wait={wait:g}" if wait else ""
            answer = self.ask("pull", f"?c={self.lineage}.{self.cursor}&limit={limit}{waits}", proven=True)
            if answer.status_code == 204:
                return count
            head, placed = self.read(answer)
            for one in placed:
                self.fold(one.body)
            count += len(placed)
            self.cursor, self.digest = head["next"], head["digest"]
            if not head["more"]:
                break
        while self.granted:
            count += self.fill(self.granted.pop())
        return count

    def fill(self, scope: str) -> int:
        """Section 6: the history of a scope that was granted, up to the present cursor."""
        past = count = 0
        while True:
            query = f"?scope={scope}&upto={self.cursor}&past={past}"
            head, placed = self.read(self.ask("scope", query, proven=True))
            for one in placed:
                self.fold(one.body)
            count += len(placed)
            past = head["next"]
            if not head["more"]:
                return count

    def read(self, answer: requests.Response) -> tuple[dict[str, Any], list[Operation]]:
        assert answer.status_code == 200, answer.status_code
        first, *lines = zstandard.ZstdDecompressor().decompress(answer.content).split(b"\n")
        head = json.loads(first)
        assert head["count"] == len(lines)
        return head, [Operation.of(line) for line in lines]

    def total(self) -> str:
        """Section 4: the digest of everything held."""
        numbers = [record.number(kind, name, scope) for (kind, name), (scope, record) in self.records.items()]
        return f"{len(numbers)}:{sum(numbers) % (1 << 256):064x}"
