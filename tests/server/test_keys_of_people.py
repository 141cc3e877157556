"""The centre believes the first key a desk announces of a person; a later one waits, a lost one is nobody's."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from domain.records.case_key import PersonKey, person_key_of
from domain.records.staff import Staff, record_of
from server.cli import main
from server.operations import person_keys
from server.operations.person_keys import NoKeyWaits
from server.operations.revocation import revoke
from server.operations.staff import leave, write
from sync.replica import read, scopes
from tests.server.ground import Desk, Running

MakeDesk = Callable[..., Desk]
FIRST, LATER, OTHER = "11" * 32, "22" * 32, "33" * 32


def announce(desk: Desk, staff: str, public: str, device: str = "") -> None:
    """What the desk says of a person's key (of its own, where no other device is named)."""
    named = device or desk.enrolled.device
    record = person_key_of(staff, named)
    if desk.node.run(lambda c: read.one(c, "person_key", record)) is None:
        act = desk.node.act()
        said = PersonKey(id=record, staff=staff, device=named, public=public)
        act.create(scopes.centre(desk.enrolled.centre), said)
        desk.node.write(act)
    else:
        desk.node.change("person_key", record, public=public)
    desk.push()


def hired(centre: Running, staff: str, *seats: str) -> None:
    write(centre.centre, staff, roles=("counsellor",), centre="an_giang", desks=seats)


def record(centre: Running, staff: str) -> Staff:
    found = centre.centre.read(lambda c: read.one(c, "staff", record_of(staff)))
    assert found is not None
    stored: Staff = found.record
    return stored


def test_the_first_key_at_a_desk_that_the_list_names_is_taken_and_every_desk_learns_it(
    centre: Running, desks: MakeDesk
) -> None:
    one, other = desks(centre, "AG01"), desks(centre, "AG02")
    hired(centre, "cg-1", "AG01")
    announce(one, "cg-1", FIRST)
    assert record(centre, "cg-1").public_keys == (f"AG01={FIRST}",)
    other.pull()
    told = other.node.stored("staff", record_of("cg-1")).record
    assert told.public_keys == (f"AG01={FIRST}",)
    one.pull()
    assert (one.own_digest(), other.own_digest()) == (one.digest, other.digest)


def test_a_key_announced_before_the_list_named_the_desk_is_taken_when_it_does(
    embedded: Running, desks: MakeDesk
) -> None:
    one = desks(embedded, "AG01")
    announce(one, "cg-1", FIRST)
    hired(embedded, "cg-1")
    assert record(embedded, "cg-1").public_keys == ()
    hired(embedded, "cg-1", "AG01")
    assert record(embedded, "cg-1").public_keys == (f"AG01={FIRST}",)


def test_a_later_key_waits_until_somebody_at_the_centre_takes_it_and_the_one_before_is_lost(
    embedded: Running, desks: MakeDesk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = desks(embedded, "AG01")
    hired(embedded, "cg-1", "AG01")
    announce(one, "cg-1", FIRST)
    announce(one, "cg-1", LATER)
    assert record(embedded, "cg-1").public_keys == (f"AG01={FIRST}",)
    data = ["--data", str(tmp_path / "data")]
    assert main(["staff-keys", *data]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"staff": "cg-1", "seat": "AG01", "new": LATER, "instead_of": FIRST}
    assert main(["staff-key", *data, "cg-1", "--seat", "AG01"]) == 0
    now = record(embedded, "cg-1")
    assert (now.public_keys, now.lost_keys) == ((f"AG01={LATER}",), (FIRST,))
    announce(one, "cg-1", FIRST)
    assert embedded.centre.read(person_keys.waiting) == [], "a lost key does not come back"
    assert main(["staff-key", *data, "cg-1", "--seat", "AG01"]) == 2
    assert "staff-keys" in capsys.readouterr().err
    with pytest.raises(NoKeyWaits):
        person_keys.replace(embedded.centre, "nobody", "AG01")


def test_nobody_is_believed_for_another_desk_nor_for_who_left_nor_for_what_is_no_key(
    embedded: Running, desks: MakeDesk
) -> None:
    one, other = desks(embedded, "AG01"), desks(embedded, "AG02")
    for staff in ("cg-1", "cg-2", "cg-3"):
        hired(embedded, staff, "AG01")
    announce(other, "cg-1", OTHER, device=one.enrolled.device)
    assert record(embedded, "cg-1").public_keys == ()
    announce(other, "cg-1", OTHER)
    assert record(embedded, "cg-1").public_keys == (), "the list does not name that desk"
    announce(one, "cg-2", "zz" * 32)
    announce(one, "cg-2", "44" * 8)
    assert record(embedded, "cg-2").public_keys == ()
    leave(embedded.centre, "cg-3")
    announce(one, "cg-3", FIRST)
    assert record(embedded, "cg-3").public_keys == ()


def test_the_keys_of_a_desk_out_of_service_are_lost_and_a_new_desk_at_the_seat_begins_anew(
    embedded: Running, desks: MakeDesk
) -> None:
    one, other = desks(embedded, "AG01"), desks(embedded, "AG02")
    hired(embedded, "cg-1", "AG01", "AG02")
    announce(one, "cg-1", FIRST)
    announce(other, "cg-1", OTHER)
    revoke(embedded.centre, one.enrolled.device, "mất máy")
    now = record(embedded, "cg-1")
    assert (now.public_keys, now.lost_keys) == ((f"AG02={OTHER}",), (FIRST,))
    again = desks(embedded, "AG01")
    announce(again, "cg-1", LATER)
    assert set(record(embedded, "cg-1").public_keys) == {f"AG01={LATER}", f"AG02={OTHER}"}
    other.pull()
    assert other.node.stored("staff", record_of("cg-1")).record.lost_keys == (FIRST,)
