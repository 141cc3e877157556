"""A desk that a restored centre forgot: a stranger cannot shut it out; it comes back behind a hub."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.spoken import words_of
from server.operations.backup import make_backup, restore
from server.operations.centre import Centre
from server.operations.enrolment import make_code
from server.store import accounts, backup_file
from sync import transport
from sync.door import Again, Enrolled, again_claim
from sync.proof import Ask
from sync.replica import read, scopes
from sync.troubles import NoNewcomer, SignedOut, Unapproved
from tests.server.ground import PATIENCE_S, Desk, HandClock, Running, enrol_desk, running
from tests.server.hub_ground import has, running_hub, until, visit
from tests.server.test_emergency_reads import hired

SEAT = "AG04"


def raw(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def said(key: Ed25519PrivateKey) -> str:
    return " ".join(words_of(raw(key)))


def asks_again(url: str, centre: Running, device: str, key: Ed25519PrivateKey, *, approval: bool = True) -> Enrolled:
    code = make_code(centre.centre, "an_giang", SEAT, approval=approval)
    again = Again(device, SEAT, key.sign(again_claim(device, SEAT, code, raw(key))))
    return transport.enrol(url, code, raw(key), "máy cũ", again=again)


def as_new(desk: Desk, url: str) -> Desk:
    """The same desk before a lineage that it meets for the first time."""
    visit(desk, url)
    desk.lineage, desk.cursor, desk.acked = "", 0, 0
    return desk


def blocks(server: Centre, desk: Desk) -> set[str]:
    return {one.id for one in server.read(lambda c: read.where(c, "number_block", "device", desk.enrolled.device))}


def test_who_takes_a_forgotten_desks_name_first_is_let_in_by_nobody_and_does_not_shut_it_out(
    centre: Running, tmp_path: Path
) -> None:
    stranger = Ed25519PrivateKey.generate()
    with running(tmp_path / "before") as before:
        late = enrol_desk(before, SEAT)
        late.write_contact("chi-may-nay")
        late.push()
    hired(centre, "truong-ca", "shift_lead", "an_giang")
    lead, device = enrol_desk(centre, "AG01"), late.enrolled.device
    assert asks_again(centre.url, centre, device, stranger).waits
    thief = Desk(late.enrolled, stranger, centre.url)
    with pytest.raises(Unapproved):
        thief.pull()
    assert asks_again(centre.url, centre, device, late.key).waits, "whoever came first waits, and shuts nobody out"
    with pytest.raises(NoNewcomer):
        lead.road.approve("truong-ca", SEAT, said(stranger), PATIENCE_S)
    assert lead.road.approve("truong-ca", SEAT, said(late.key), PATIENCE_S).device == device
    for approval in (True, False):
        with pytest.raises(SignedOut):
            asks_again(centre.url, centre, device, stranger, approval=approval)
    as_new(late, centre.url).pull()
    assert late.push().acked == late.node.outbox(0)[-1].n
    with pytest.raises(SignedOut):
        thief.pull()
    lead.pull()
    assert lead.node.has("contact", "chi-may-nay")
    for one in (late, lead, thief):
        one.close()


def test_a_code_without_approval_does_not_let_in_a_name_that_waits(centre: Running) -> None:
    owner, stranger = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    device = centre.centre.new_id()
    made = asks_again(centre.url, centre, device, owner)
    assert made.waits
    assert asks_again(centre.url, centre, device, stranger, approval=False).waits
    thief = Desk(made, stranger, centre.url)
    with pytest.raises(Unapproved):
        thief.pull()
    thief.close()


def test_a_forgotten_desk_enrols_again_through_its_hub_and_what_it_wrote_reaches_the_centre(tmp_path: Path) -> None:
    data, key = tmp_path / "centre", tmp_path / "backup.key"
    with running(data) as centre, running_hub(tmp_path / "hub", centre) as hub:
        hired(centre, "truong-ca", "shift_lead", "an_giang")
        lead = enrol_desk(centre, "AG01")
        backup = make_backup(centre.centre, data, tmp_path / "b", key, embedded=True)
        late = enrol_desk(centre, SEAT)
        hub.visiting(late).pull()
        late.write_contact("truoc")
        late.push()
        until(lambda: has(centre.centre, "contact", "truoc"), "the hub brought it up")
        hub.gate.cut()
        late.write_contact("luc-dut")
        late.push()
        centre.serving.stop()
        centre.centre.close()
        restore(backup.path, backup_file.backup_key(key, make=False), data, None, HandClock(), force=True)
        with running(data) as restored:
            assert restored.centre.read(lambda c: accounts.find_device(c, late.enrolled.device)) is None
            hub.gate.lead_to(restored.url)
            hub.gate.open()
            made = asks_again(hub.url, restored, late.enrolled.device, late.key)
            assert (made.device, made.waits, made.upstream) == (late.enrolled.device, True, hub.gate.url)
            assert not has(restored.centre, "contact", "truoc")
            lead.lineage, lead.cursor, lead.acked = "", 0, 0
            visit(lead, restored.url).road.approve("truong-ca", SEAT, said(late.key), PATIENCE_S)
            for name in ("truoc", "luc-dut"):
                until(lambda name=name: has(restored.centre, "contact", name), "the hub brings the log again")  # type: ignore[misc]  # binds the loop's value
            until(lambda: hub.uplink.road.waiting == 0, "nothing waits at the hub")
            # What the lost history leased is no longer the centre's: its desk, comparing, asks for the end of it.
            mine = scopes.device_scope(late.enrolled.device)
            visit(late, restored.url)
            for lost in blocks(hub.centre, late) - blocks(restored.centre, late):
                late.road.proof(Ask("mend", scope=mine, kind="number_block", id=lost), PATIENCE_S)
            hub.settled(restored)
            late.close()
            lead.close()
