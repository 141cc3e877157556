"""A centre with a file of every table, state and person, a desk for each role, and every road that ships a file."""

from __future__ import annotations

import base64
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import requests
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from domain.records.attachment import Attachment
from domain.records.case import Case
from domain.records.contact import Contact
from domain.rules.privacy import Policy
from domain.rules.privacy.policy import FILE, read
from server.operations.courier import reply
from server.operations.staff import leave, write
from server.store import courier, granted
from server.store.courier import Came
from server.store.engine import Connection
from sync import door, proof, wire
from sync.act import Act
from sync.blobs.seal import pack
from sync.courier import seal, volumes
from sync.courier.volumes import VolumeRead
from sync.operation import decode_body
from sync.replica import scopes, sums
from tests.domain.test_roles import OURS
from tests.privacy_table import BEHIND_THE_WALL, PLAIN, RESTRICTED, ROLES, STATES, expected
from tests.server.filling import gather_all, manifest_of
from tests.server.ground import PATIENCE_S, Desk, Running, signed
from tests.server.test_blobs import road_of, send_all
from tests.sync.blobs.files import sealed

MakeDesk = Callable[..., Desk]
RESOURCES = Path(__file__).resolve().parents[2] / "resources"
SAID = tomllib.loads((RESOURCES / "policy" / FILE).read_text("utf-8"))
BOOKS = {
    "plain": scopes.DOSSIER,
    "restricted": scopes.DOSSIER,
    "therapy": scopes.THERAPY,
    "trafficking": scopes.TRAFFICKING,
}
PLACES = {"own": "hanoi", "centre": "an_giang", "region": "da_nang", "elsewhere": "hanoi"}
KINDS_OF_PERSON: Final = ("plain", "named", "conflict", "gone")
PICTURE = sealed(b"anh vet thuong")
ONE = door.BLOB + "/"


def policy_of(said: dict[str, Any]) -> Policy:
    """The table of roles with the test's own regions."""
    return read(said | {"regions": OURS})


def flipped(row: str, role: str, cell: str) -> Policy:
    """The table with one cell changed."""
    said = deepcopy(SAID)
    said["rows"][row][ROLES.index(role)] = cell
    return policy_of(said)


def written(table: str, role: str, state: str, person: str, action: str) -> str:
    """One letter of the hand-written table, for one kind of person."""
    if person in ("gone", "conflict") or (table == "trafficking" and person != "named"):
        return "-"
    return expected({"restricted": RESTRICTED, "therapy": BEHIND_THE_WALL}.get(table, PLAIN), action, role, state)


def shipped(table: str, role: str, state: str, person: str) -> bool:
    """What the hand-written table says of one file and one desk: opened, or found masked where nothing is walled."""
    if written(table, role, state, person, "open") in "ALR":
        return True
    return table in ("plain", "trafficking") and written(table, role, state, person, "search") != "-"


def effect(said: dict[str, Any], role: str, table: str) -> tuple[bool, ...]:
    """Which states' files a role's desk holds by the words of the file alone, read without the engine."""
    rows = {"restricted": ("open_restricted",), "therapy": ("therapy_note",)}.get(table, ("open", "search"))
    found = [False] * len(STATES)
    for row in rows:
        reach, _, condition = said["rows"][row][ROLES.index(role)].partition(" ")
        masked_is_enough = row == "search"
        if condition in ("masked", "two") and not masked_is_enough:
            continue
        far = {"none": (), "own": (0,), "centre": (0, 1), "region": (0, 1, 2), "all": (0, 1, 2, 3)}[reach]
        found = [one or at in far for at, one in enumerate(found)]
    return tuple(found)


def staff_of(role: str, person: str) -> str:
    """The staff id of a role's person."""
    return f"{role}-{person}"


@dataclass
class Ground:
    """`desks`: one for each kind of person of each role; `names`: file → its table, whose role it is of, state,
    whose kind of person it is of; `writers`: centre → the desk that wrote its files; `folder` is for sticks."""

    centre: Running
    desks: dict[tuple[str, str], Desk]
    writers: dict[str, Desk]
    names: dict[str, tuple[str, str, str, str]]
    folder: Path
    sticks: int = 0

    def files_of(self, role: str, person: str) -> Iterator[tuple[str, str, bool]]:
        """The files that were laid for this desk: name, scope, and whether the table says that it is given them."""
        for name, (table, whose, state, of) in self.names.items():
            if (whose, of) == (role, person):
                yield name, BOOKS[table] + name, shipped(table, role, state, person)

    def differences(self, role: str, person: str) -> list[str]:
        """What this desk is given otherwise than the table says, by pull, by a file's history and by its figures."""
        desk, wrong = self.desks[role, person], []
        desk.pull()
        for name, scope, given in self.files_of(role, person):
            _, placed = desk.road.scope(scope, desk.cursor, 0, PATIENCE_S)
            told = desk.road.proof(proof.Ask(step=proof.RECORDS, scope=scope, kind="contact"), PATIENCE_S)
            ways = {"pull": desk.node.has("contact", name), "scope": bool(placed), "figures": bool(told.told.lines)}
            wrong += [f"{role} ({person}) {name}: {way} {said}" for way, said in ways.items() if said is not given]
        return wrong

    def differences_besides(self, role: str, person: str) -> list[str]:
        """The same by every other road: operations of a record, segments, the reply on a stick, attachments."""
        desk, wrong = self.desks[role, person], []
        desk.pull()
        in_segments, on_stick = self._in_segments(desk), self._on_stick(desk)
        for name, scope, given in self.files_of(role, person):
            ask = proof.Ask(step=proof.RECORD, scope=scope, kind="contact", id=name)
            ways = {f"{way} blob": self._blob(desk, way, f"a-{name}") for way in ("GET", "HEAD", "POST", "PATCH")}
            ways["record"] = bool(desk.road.proof(ask, PATIENCE_S).placed)
            ways |= {"segments": scope in in_segments, "stick": scope in on_stick}
            wrong += [f"{role} ({person}) {name}: {way} {said}" for way, said in ways.items() if said is not given]
        return wrong

    def _in_segments(self, desk: Desk) -> set[str]:
        folder = self.folder / f"segments-{desk.enrolled.device}"
        return {key[0] for one in gather_all(desk, manifest_of(desk), folder) for key in one.sums.by_scope_and_kind()}

    def _on_stick(self, desk: Desk) -> set[str]:
        """Scopes of everything in the reply that the centre writes to a desk that comes by stick and has nothing."""
        self.sticks += 1
        key, secret = X25519PrivateKey.generate(), os.urandom(seal.SECRET_BYTES)
        folder = self.folder / f"stick-{self.sticks}"
        folder.mkdir()
        came = Came(
            desk.enrolled.device, 1, "b", self.centre.centre.lineage, 0, [], [(1, desk.acked)],
            key.public_key().public_bytes_raw(), secret, self.centre.clock.now_ms(), None,
        )  # fmt: skip
        self.centre.centre.lane.do(lambda c: courier.put_stick(c, came))
        reply(self.centre.centre, folder, desk.enrolled.device)
        found: set[str] = set()
        for path in volumes.volumes_in(folder):
            opened = volumes.read_volume(
                path, came.reply_key, lambda sealed: seal.unseal(seal.DOWN, key, sealed), VolumeRead(path.name)
            )
            for one in opened:
                if one.body:
                    found |= {decode_body(each.body).scope for each in wire.decode_pull(one.body)[1]}
        assert scopes.device_scope(desk.enrolled.device) in found or scopes.REFERENCE in found
        return found

    def _blob(self, desk: Desk, method: str, record: str) -> bool:
        """Whether this route of attachments answers as to somebody who may know of the record."""
        path = door.BLOB if method == "POST" else ONE + record
        more = {
            "GET": {"range": "bytes=0-9"},
            "HEAD": {},
            "POST": {
                "upload-metadata": f"record {base64.b64encode(record.encode()).decode()}",
                "upload-length": str(PICTURE.plan.sealed),
            },
            "PATCH": {
                "upload-offset": "1", "upload-checksum": f"sha256 {base64.b64encode(bytes(32)).decode()}",
                "content-type": door.PART_TYPE,
            },
        }[method]  # fmt: skip
        answer = requests.request(
            method, desk.url + path, headers=signed(desk.road, method, path) | more, timeout=PATIENCE_S
        )
        known = {"GET": 206, "HEAD": 200, "POST": 201, "PATCH": 460}[method]
        assert answer.status_code in (known, 404), (method, answer.status_code)
        return answer.status_code == known

    def figures_agree(self) -> bool:
        """The centre's running figures are those of its rows and of each desk's grants."""

        def work(connection: Connection) -> bool:
            devices = [one.enrolled.device for one in self.desks.values()]
            if sums.by_scope_and_kind(connection) != sums.recount(connection):
                return False
            return all(granted.running(connection, one) == granted.recount(connection, one) for one in devices)

        return self.centre.centre.read(work)


def lay(centre: Running, desks: MakeDesk, folder: Path, persons: Sequence[str] = KINDS_OF_PERSON) -> Ground:
    """Files are pushed over HTTP by desks of their centres; half of the desks and people are there before the files,
    half come after: both ways lead to the same."""
    centre.centre.policy = policy_of(SAID)
    writers = {}
    for seat, place in (("AG01", "an_giang"), ("DN01", "da_nang"), ("HN01", "hanoi")):
        writers[place] = desks(centre, seat)
        write(
            centre.centre, f"w-{place}", roles=("counsellor", "therapist"), centre=place, desks=(seat,),
            books=("trafficking",),
        )  # fmt: skip
    of = [(role, person) for role in ROLES for person in persons]
    seats = {key: f"AG{number:02d}" for number, key in enumerate(of, start=10)}
    names = {
        f"{role}-{person}-{table}-{state}": (table, role, state, person)
        for role, person in of
        for table in BOOKS
        for state in STATES
        if person in ("plain", "named") or table in ("plain", "restricted")
    }
    early = [key for key in of if key[1] in ("plain", "gone")]
    made = {key: desks(centre, seats[key]) for key in early}
    for key in early:
        _hire(centre, key, seats[key], names)
    for name, told in names.items():
        _found(writers[PLACES[told[2]]], name, told)
    for author in writers.values():
        author.push()
    for key in of:
        if key not in made:
            _hire(centre, key, seats[key], names)
            made[key] = desks(centre, seats[key])
    road = road_of(writers["hanoi"])
    send_all(road, next(f"a-{name}" for name, told in names.items() if PLACES[told[2]] == "hanoi"), PICTURE)
    road.close()
    return Ground(centre, made, writers, names, folder)


def _hire(centre: Running, key: tuple[str, str], seat: str, names: Mapping[str, tuple[str, str, str, str]]) -> None:
    """The person of one kind and role, at a desk of their own."""
    role, person = key
    mine = tuple(name for name, (_, whose, _, of) in names.items() if (whose, of) == key)
    books, conflicts = ("trafficking",) if person == "named" else (), mine if person == "conflict" else ()
    write(
        centre.centre, staff_of(role, person), roles=(role,), centre="an_giang", desks=(seat,), books=books,
        conflicts=conflicts,
    )  # fmt: skip
    if person == "gone":
        leave(centre.centre, staff_of(role, person))


def _found(author: Desk, name: str, told: tuple[str, str, str, str]) -> None:
    """One file with a case and an attachment."""
    table, role, state, person = told
    scope, receiver = BOOKS[table] + name, f"w-{PLACES[state]}"
    act = Act(receiver, author.node.clock.next(author.node.wall))
    act.create(scope, Contact(id=name, code=name.upper(), receiver=receiver, received_at=author.node.wall))
    mine = staff_of(role, person) if state == "own" else None
    act.create(scope, Case(id=f"case-{name}", contact_id=name, assigned_to=mine, restricted=table == "restricted"))
    picture = Attachment(
        id=f"a-{name}", contact_id=name, bytes=len(PICTURE.plain), blob=PICTURE.naming.blob,
        chunk_count=len(PICTURE.chunks), chunks=pack(PICTURE.plan.chunks), key=wire.text64(PICTURE.naming.key),
    )  # fmt: skip
    act.create(scope, picture)
    author.node.write(act)
