"""Public keys of people as desks announce them: the first at a desk is believed, a later one waits for somebody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from domain.records.case_key import PersonKey, key_at, person_key_of
from domain.records.staff import Staff, record_of
from server.operations.centre import Centre, News, log
from server.store import accounts, staffed
from server.store.engine import Connection
from sync.operation import PATCH
from sync.replica import read, scopes
from sync.replica.changes import RowChange

KEY_BYTES: Final = 32


class NoKeyWaits(Exception):
    """Nothing was announced there that is not in the list."""

    def __init__(self) -> None:
        super().__init__("Không có khóa nào của người này chờ ở bàn đó: hãy xem lại bằng lệnh staff-keys.")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A key announced at a desk where the list has another one for this person (hex)."""

    staff: str
    seat: str
    public: str
    instead_of: str


def follow(centre: Centre, connection: Connection, changes: Sequence[RowChange]) -> News:
    """Take what a batch announced, of people whose record names the desk and no key there yet."""
    named = {
        str(row.after["staff"])
        for row in changes
        if row.kind == "person_key" and row.after is not None and row.after.get("staff")
    }
    return take(centre, connection, named)


def take(centre: Centre, connection: Connection, people: Iterable[str]) -> News:
    """Write the first key announced at each desk of these people into their records. Run too when a record first
    names a desk: the key may have been announced before."""
    news = News()
    for staff in sorted(set(people)):
        stored = read.one(connection, "staff", record_of(staff))
        if stored is None or stored.retracted is not None or stored.record.ended_at is not None:
            continue
        record: Staff = stored.record
        have = {one.partition("=")[0] for one in record.public_keys}
        first = {
            seat: public
            for seat, public in announced(connection, staff)
            if seat in record.desks and seat not in have and public not in record.lost_keys
        }
        if first:
            keys = (*record.public_keys, *(key_at(seat, public) for seat, public in sorted(first.items())))
            news = news.with_more(_change(centre, connection, stored, {"public_keys": keys}))
            log.info("a person's key was taken, %d desks", len(first))
    return news


def waiting(connection: Connection) -> list[Waiting]:
    """Keys announced where the list has another one for the same person, by staff id and seat."""
    found = []
    for stored in read.every(connection, "staff"):
        record: Staff = stored.record
        have = dict(one.split("=", 1) for one in record.public_keys if "=" in one)
        for seat, public in announced(connection, record.staff or ""):
            if seat in have and have[seat] != public and public not in record.lost_keys:
                found.append(Waiting(record.staff or "", seat, public, have[seat]))
    return sorted(found, key=lambda one: (one.staff, one.seat))


def replace(centre: Centre, staff: str, seat: str) -> None:
    """Somebody at the centre has asked the person: the key that waits at this seat counts from now on, the one before
    is lost and nobody seals to it again. Raises NoKeyWaits, StoreUnavailable."""

    def job(connection: Connection) -> News:
        new = next((one for one in waiting(connection) if (one.staff, one.seat) == (staff, seat)), None)
        stored = read.one(connection, "staff", record_of(staff))
        if new is None or stored is None:
            raise NoKeyWaits
        record: Staff = stored.record
        others = tuple(one for one in record.public_keys if not one.startswith(f"{seat}="))
        values = {
            "public_keys": (*others, key_at(seat, new.public)),
            "lost_keys": tuple(sorted({*record.lost_keys, new.instead_of})),
        }
        return _change(centre, connection, stored, values)

    news = centre.lane.do(job)
    if centre.publish is not None:
        centre.publish(news)
    log.info("a person's key was replaced")


def lose(centre: Centre, connection: Connection, device: str) -> News:
    """A desk is out of service: keys that people had there are lost, and the next words of every restricted case that
    was sealed to one of them lie under a new key."""
    news = News()
    for stored in read.every(connection, "staff"):
        record: Staff = stored.record
        said = read.one(connection, "person_key", person_key_of(record.staff or "", device))
        public = said.record.public if said is not None else None
        if public is None or public in record.lost_keys:
            continue
        values: dict[str, Any] = {"lost_keys": tuple(sorted({*record.lost_keys, public}))}
        left = tuple(one for one in record.public_keys if one.partition("=")[2] != public)
        if left != record.public_keys:
            values["public_keys"] = left
        news = news.with_more(_change(centre, connection, stored, values))
    return news


def announced(connection: Connection, staff: str) -> list[tuple[str, str]]:
    """(seat, public key in hex) of what this person's desks said, of desks in service that said it in their own
    name; what is no key is left out."""
    found = []
    for one in read.where(connection, "person_key", "staff", staff):
        said: PersonKey = one.record
        device = accounts.find_device(connection, said.device or "")
        if (
            one.retracted is None
            and device is not None
            and device.revoked_at is None
            and one.id == person_key_of(staff, device.id)
            and _is_key(said.public)
            and staffed.writers(connection, one.id) == {device.id}  # another desk could name this one in it
        ):
            found.append((device.seat, said.public or ""))
    return sorted(found)


def _is_key(public: str | None) -> bool:
    try:
        return len(bytes.fromhex(public or "")) == KEY_BYTES and public == (public or "").lower()
    except ValueError:
        return False


def _change(centre: Centre, connection: Connection, stored: read.Stored, values: dict[str, Any]) -> News:
    centre.change(connection, stored, values, PATCH)
    return News(audiences=frozenset({scopes.REFERENCE}))
