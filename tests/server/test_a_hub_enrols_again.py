"""A hub that a restored centre forgot, or that stands on a new machine; no desk waits for another one's trouble."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from server.operations.backup import make_backup, restore
from server.operations.centre import HUB, Centre
from server.operations.enrolment import make_code
from server.operations.hub import HubDevice, enrol_hub, identity
from server.operations.revocation import revoke
from server.store import accounts, backup_file, hub_identity, hubs
from server.store.engine import open_store
from server.store.troubles import AnotherCentre, NotAHub, NotThisHub
from sync import transport
from sync.replica import node
from sync.troubles import SignedOut
from tests.server.ground import PATIENCE_S, Desk, HandClock, Running, enrol_desk, running
from tests.server.hub_ground import Gate, RunningHub, has, running_hub, serving_hub, until
from tests.server.test_emergency_reads import hired
from tests.server.test_enrolling_again import asks_again, said


@dataclass
class Ground:
    """A centre that can be put back to a backup, and a line to it that stays at one address."""

    folder: Path
    stack: contextlib.ExitStack
    centre: Running = field(init=False)
    gate: Gate = field(init=False)

    def __post_init__(self) -> None:
        self.centre = self.stack.enter_context(running(self.folder / "centre"))
        self.gate = Gate(self.centre.url)
        self.stack.callback(self.gate.close)

    def backup(self) -> Path:
        key = self.folder / "backup.key"
        made = make_backup(self.centre.centre, self.folder / "centre", self.folder / "b", key, embedded=True)
        return made.path

    def put_back(self, to: Path) -> None:
        """The centre as it was; the line leads to it."""
        self.centre.serving.stop()
        self.centre.centre.close()
        key = backup_file.backup_key(self.folder / "backup.key", make=False)
        restore(to, key, self.folder / "centre", None, HandClock(), force=True)
        self.centre = self.stack.enter_context(running(self.folder / "centre"))
        self.gate.lead_to(self.centre.url)

    def hub(self, name: str = "hub") -> Centre:
        """The store of a hub that is not enrolled yet."""
        made = Centre(open_store(self.folder / name, None), HandClock(), os.urandom, HUB)
        self.stack.callback(made.close)
        return made

    def code(self, of: str = "an_giang", seat: str = "AG00", *, hub: bool = True) -> str:
        return make_code(self.centre.centre, of, seat, hub=hub)

    def enrol(self, hub: Centre, code: str, name: str = "hub", seat: str = "") -> HubDevice:
        return enrol_hub(hub, self.folder / name, self.gate.url, code, seat)

    def serving(self, hub: Centre, name: str = "hub") -> contextlib.AbstractContextManager[RunningHub]:
        return serving_hub(hub, self.folder / name, self.gate)


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    with contextlib.ExitStack() as stack:
        yield Ground(tmp_path, stack)


def parted(ground: Ground, one: Desk, hub: RunningHub) -> None:
    """A clone of the desk writes at the centre while the desk itself writes at the hub: the hub carries what it took
    in its own name from now on."""
    hub.visiting(one).pull()
    ground.gate.cut()
    one.write_contact("o-tram-vung")
    one.push()
    twin = Desk(one.enrolled, one.key, ground.centre.url)
    first = one.node.outbox()[:2]
    twin.node.run(lambda c: twin.node.replica.replace(c, first))
    twin.acked = 2
    twin.write_contact("o-trung-tam")
    assert twin.push().acked == 4
    twin.close()


def test_a_hub_that_the_centre_forgot_is_the_same_again_and_brings_what_it_wrote_in_its_own_name(
    ground: Ground,
) -> None:
    one = enrol_desk(ground.centre, "AG01")
    one.write_contact("truoc")
    one.push()
    backup = ground.backup()
    hub = ground.hub()
    first = ground.enrol(hub, ground.code())
    assert not first.again
    with ground.serving(hub) as serving:
        parted(ground, one, serving)
        ground.gate.open()
        until(lambda: has(ground.centre.centre, "contact", "o-tram-vung"), "the hub's own chain came up")
    ground.put_back(backup)
    with ground.serving(hub) as serving:
        assert serving.uplink.wait_for(lambda road: road.signed_out, PATIENCE_S), "the centre does not know the hub"
    assert ground.enrol(hub, ground.code()) == HubDevice(first.device, "an_giang", again=True)
    assert ground.centre.centre.read(lambda c: hubs.is_hub(c, first.device))
    with ground.serving(hub) as serving:
        for name in ("truoc", "o-tram-vung"):
            until(lambda name=name: has(ground.centre.centre, "contact", name), f"{name} came up again")  # type: ignore[misc]  # binds the loop's value
        until(lambda: serving.uplink.road.waiting == 0, "nothing waits at the hub")
    one.close()


def test_a_new_machine_takes_the_seat_of_a_hub_that_is_gone_with_what_it_had_not_sent(ground: Ground) -> None:
    one = enrol_desk(ground.centre, "AG01")
    gone = ground.hub("gone")
    old = ground.enrol(gone, ground.code(), "gone")
    with ground.serving(gone, "gone") as serving:
        serving.visiting(one).pull()
        ground.gate.cut()
        one.write_contact("chua-len-trung-tam")
        assert one.push().acked == 2
    ground.gate.open()
    revoke(ground.centre.centre, old.device, "thay máy")
    hub = ground.hub()
    new = ground.enrol(hub, ground.code())
    assert (new.again, new.device != old.device) == (False, True)
    with ground.serving(hub) as serving:
        one.lineage, one.cursor, one.acked = "", 0, 0
        serving.visiting(one).pull()
        one.push()
        until(lambda: has(ground.centre.centre, "contact", "chua-len-trung-tam"), "the desk sends it once more")
        serving.settled(ground.centre)
    with pytest.raises(NotThisHub, match="đã bị thu hồi"):
        ground.enrol(gone, ground.code(), "gone")
    one.close()


def test_a_hub_is_taken_again_by_a_code_of_its_seat_only_and_by_its_own_centre_only(
    ground: Ground, tmp_path: Path
) -> None:
    hub = ground.hub()
    first = ground.enrol(hub, ground.code())
    with pytest.raises(NotThisHub):
        ground.enrol(hub, ground.code("da_nang", "DN00"))
    with pytest.raises(NotThisHub, match="--seat"):
        ground.enrol(hub, ground.code(seat="AG90"))
    hub.lane.do(lambda c: node.put(c, **{hub_identity.SEAT: ""}))
    assert ground.enrol(hub, ground.code()).device == first.device, "enrolled by an older program"
    with running(tmp_path / "other") as other:
        code = make_code(other.centre, "an_giang", "AG00", hub=True)
        with pytest.raises(AnotherCentre):
            enrol_hub(hub, tmp_path / "hub", other.url, code)
    assert identity(hub, tmp_path / "hub").device == first.device
    fresh = ground.hub("fresh")
    with pytest.raises(NotAHub, match="code --hub"):
        ground.enrol(fresh, ground.code(seat="AG07", hub=False), "fresh")
    backup = ground.backup()
    late = ground.hub("late")
    ground.enrol(late, ground.code(seat="AG90"), "late")
    ground.put_back(backup)
    with pytest.raises(NotAHub, match="thu hồi máy"):
        ground.enrol(late, ground.code(seat="AG90", hub=False), "late")


def test_a_desk_that_the_centre_does_not_know_holds_up_no_other_desk_of_its_hub(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        ground = Ground(tmp_path, stack)
        hired(ground.centre, "truong-ca", "shift_lead", "an_giang")
        known = enrol_desk(ground.centre, "AG01")
        backup = ground.backup()
        late = enrol_desk(ground.centre, "AG04")
        hub = stack.enter_context(running_hub(tmp_path / "hub", ground.centre))
        for one in (late, known):
            hub.visiting(one).pull()
        late.write_contact("cua-may-bi-quen")
        late.push()
        until(lambda: has(ground.centre.centre, "contact", "cua-may-bi-quen"), "the hub brought it up")
        first = identity(hub.centre, tmp_path / "hub")
        hub.gate.cut()
        ground.put_back(backup)
        hub.gate.lead_to(ground.centre.url)
        hub.gate.open()
        assert hub.uplink.wait_for(lambda road: road.signed_out, PATIENCE_S)
        enrol_hub(hub.centre, tmp_path / "hub", hub.gate.url, ground.code())
        for number in range(3):
            known.write_contact(f"may-khac-{number}")
            known.push()
            hub.uplink.nudge()
            until(
                lambda number=number: has(ground.centre.centre, "contact", f"may-khac-{number}"),  # type: ignore[misc]  # binds the loop's value
                "the other desk's words go up",
            )
        assert hub.uplink.road.waiting >= 2, "what is not taken yet waits here, and is told"
        assert hub.uplink.road.up
        device = late.enrolled.device
        assert asks_again(hub.url, ground.centre, device, late.key).waits
        road = transport.HttpTransport(ground.centre.url, first.device, 1, first.key.sign)
        stack.callback(road.close)
        late.lineage = ""
        with pytest.raises(SignedOut):
            road.push(late.batch(late.node.outbox(0)), PATIENCE_S)
        assert not has(ground.centre.centre, "contact", "cua-may-bi-quen"), "nobody has heard its eight words yet"
        lead = enrol_desk(ground.centre, "AG02")
        assert lead.road.approve("truong-ca", "AG04", said(late.key), PATIENCE_S).device == device
        until(lambda: has(ground.centre.centre, "contact", "cua-may-bi-quen"), "let in, its words go up")
        until(lambda: hub.uplink.road.waiting == 0, "nothing waits at the hub")
        assert ground.centre.centre.read(lambda c: accounts.find_device(c, device)) is not None
        for one in (lead, late, known):
            one.close()
