"""Attachments' bytes through a hub: put in without a line, passed up, fetched elsewhere, gone with their case."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from server.operations import transfers
from server.operations.backup import make_backup, restore
from server.operations.centre import News
from server.operations.erasure import erase
from server.store import backup_file, held, hub_blobs
from sync.blobs.shelf import offset_of
from sync.blobs.signals import Erased, NotThere, Spoilt, Text
from sync.transport import BlobRoad
from tests.server.ground import Desk, HandClock, Running, running
from tests.server.hub_ground import RunningHub, has, running_hub, until
from tests.server.test_blobs import FILE, SMALL, attach, fetch_all, road_of, send_all
from tests.sync.blobs.files import SealedFile

MakeDesk = Callable[..., Desk]


@pytest.fixture
def hub(tmp_path: Path, embedded: Running) -> Iterator[RunningHub]:
    with running_hub(tmp_path / "hub", embedded) as one:
        carrier = one.uplink.blobs._carrier
        # The cap has its own tests on a virtual clock; here nobody waits for politeness.
        carrier.up.floor = carrier.down.floor = 1 << 30
        yield one


@pytest.fixture
def roads() -> Iterator[Callable[[Desk], BlobRoad]]:
    made: list[BlobRoad] = []

    def make(desk: Desk) -> BlobRoad:
        made.append(road_of(desk))
        return made[-1]

    yield make
    for one in made:
        one.close()


def whole_at(server: Running | RunningHub, file: SealedFile = FILE) -> bool:
    return offset_of(server.centre.blobs, file.plan) == file.plan.sealed


def fetched(road: BlobRoad, record: str, file: SealedFile = FILE) -> bool:
    """Asked for again and again until it is there, as a desk does."""
    try:
        return fetch_all(road, record, file) == file.whole
    except NotThere:
        return False


def test_a_file_put_in_without_a_line_is_shared_at_the_hub_and_goes_up_when_it_is_back(
    embedded: Running, hub: RunningHub, desks: MakeDesk, roads: Callable[[Desk], BlobRoad]
) -> None:
    one, other = desks(embedded, "AG01"), desks(embedded, "AG02")
    away = desks(embedded, "HN01", all_cases=True)
    for desk in (one, other):
        hub.visiting(desk).pull()
    hub.gate.cut()
    one.write_contact("t1", case=True)
    attach(one, "tep-1")
    one.push()
    road = roads(one)
    send_all(road, "tep-1")
    told = road.offer("tep-1", FILE.plan.sealed)
    assert (told.offset, told.centre) == (FILE.plan.sealed, False), "a hub's word is not the centre's"
    other.pull()
    assert fetch_all(roads(other), "tep-1") == FILE.whole
    assert not whole_at(embedded)
    hub.gate.open()
    until(lambda: whole_at(embedded), "the file is at the centre")
    until(lambda: road.offer("tep-1", FILE.plan.sealed).centre, "the hub passes the centre's word on")
    away.pull()
    assert fetch_all(roads(away), "tep-1") == FILE.whole
    hub.gate.cut()
    until(lambda: hub.uplink.road.up is False, "the hub has noticed")
    assert not road.offer("tep-1", FILE.plan.sealed).centre, "nobody can ask the centre now"


def test_a_file_of_the_other_side_comes_down_through_the_hub_when_a_desk_asks_for_it(
    embedded: Running, hub: RunningHub, desks: MakeDesk, roads: Callable[[Desk], BlobRoad]
) -> None:
    one, away = desks(embedded, "AG01"), desks(embedded, "HN01", all_cases=True)
    hub.visiting(one).write_contact("t1", case=True)
    one.push()
    hub.settled(embedded)
    away.pull()
    attach(away, "tep-1")
    away.push()
    send_all(roads(away), "tep-1")
    hub.settled(embedded)
    one.pull()
    road = roads(one)
    with pytest.raises(NotThere):
        road.fetch("tep-1", FILE.plan.sealed, 0, 10)
    until(lambda: fetched(road, "tep-1"), "the hub has fetched it")
    want = partial(hub_blobs.want_of, blob=FILE.naming.blob)
    until(lambda: hub.centre.read(want) == hub_blobs.KEPT, "it is known to be at the centre too")
    # A chunk that the hub's disk lost is fetched again.
    name = FILE.plan.chunks[0]
    (hub.centre.blobs.root / name[:2] / name).unlink()
    until(lambda: fetched(road, "tep-1"), "the hub has fetched it again")


def test_a_chunk_that_the_centre_lost_is_sent_again_before_any_desk_lets_go(
    embedded: Running, hub: RunningHub, desks: MakeDesk, roads: Callable[[Desk], BlobRoad]
) -> None:
    one = desks(embedded)
    hub.visiting(one).write_contact("t1")
    attach(one, "tep-1")
    one.push()
    road = roads(one)
    send_all(road, "tep-1")
    until(lambda: road.offer("tep-1", FILE.plan.sealed).centre, "the centre has it")
    name = FILE.plan.chunks[0]
    (embedded.centre.blobs.root / name[:2] / name).unlink()
    assert not road.offer("tep-1", FILE.plan.sealed).centre
    until(lambda: road.offer("tep-1", FILE.plan.sealed).centre, "the centre has it again")
    assert whole_at(embedded)


def test_a_hub_brings_a_restored_centre_again_what_that_one_had_verified_since_its_backup(
    embedded: Running, hub: RunningHub, desks: MakeDesk, roads: Callable[[Desk], BlobRoad], tmp_path: Path
) -> None:
    one = desks(embedded)
    hub.visiting(one).write_contact("t1", case=True)
    one.push()
    hub.settled(embedded)
    made = make_backup(embedded.centre, tmp_path / "data", tmp_path / "b", tmp_path / "backup.key", embedded=True)
    attach(one, "tep-1")
    one.push()
    road = roads(one)
    send_all(road, "tep-1")
    until(lambda: road.offer("tep-1", FILE.plan.sealed).centre, "the centre has it")
    key = backup_file.backup_key(tmp_path / "backup.key", make=False)
    restore(made.path, key, tmp_path / "else", None, HandClock(), force=False)
    with running(tmp_path / "else") as again:
        assert not whole_at(again)
        hub.gate.cut()
        hub.gate.lead_to(again.url)
        hub.gate.open()
        until(lambda: whole_at(again), "the restored centre has it again")
        until(lambda: road.offer("tep-1", FILE.plan.sealed).centre, "and says so")
        hub.gate.cut()


def test_a_case_passed_on_takes_its_bytes_from_the_hub_but_not_before_they_are_at_the_centre(
    embedded: Running, hub: RunningHub, desks: MakeDesk, roads: Callable[[Desk], BlobRoad]
) -> None:
    one = desks(embedded)
    hub.visiting(one).write_contact("t1", case=True)
    attach(one, "tep-1")
    attach(one, "tep-2", SMALL)
    one.push()
    hub.settled(embedded)
    road = roads(one)
    send_all(road, "tep-2", SMALL)
    until(lambda: road.offer("tep-2", SMALL.plan.sealed).centre, "the small one is at the centre")
    # Bytes wait while text does; so the case is gone before they have left.
    hub.uplink.blobs._events.put(Text(busy=True))
    send_all(road, "tep-1")
    embedded.centre.lane.do(partial(transfers.pass_on, embedded.centre, scope="dossier:t1", to="hanoi"))
    assert embedded.centre.publish is not None
    embedded.centre.publish(News(audiences=frozenset({"an_giang"})))
    until(lambda: not has(hub.centre, "attachment", "tep-1"), "the case has left the hub")
    until(lambda: not whole_at(hub, SMALL), "what the centre has went with it")
    assert whole_at(hub), "what the centre lacks did not"
    hub.uplink.blobs._events.put(Text(busy=False))
    until(lambda: whole_at(embedded), "the centre has it")
    until(lambda: not list(hub.centre.blobs.names()), "and now no byte is left at the hub")


def passed_on(embedded: Running, hub: RunningHub, to: str = "hanoi") -> None:
    """The case leaves An Giang, and the hub has given it up."""
    embedded.centre.lane.do(partial(transfers.pass_on, embedded.centre, scope="dossier:t1", to=to))
    assert embedded.centre.publish is not None
    embedded.centre.publish(News(audiences=frozenset({"an_giang"})))
    until(lambda: not has(hub.centre, "attachment", "tep-1"), "the case has left the hub")


def test_a_desk_sends_a_file_of_a_case_that_has_left_its_hub_through_it_and_no_byte_stays_there(
    embedded: Running, hub: RunningHub, desks: MakeDesk, roads: Callable[[Desk], BlobRoad]
) -> None:
    one, new = desks(embedded, "AG01"), desks(embedded, "HN01")
    hub.visiting(one).write_contact("t1", case=True)
    attach(one, "tep-1")
    one.push()
    hub.settled(embedded)
    road = roads(one)
    road.send("tep-1", FILE.plan.sealed, 0, FILE.whole[:300_000])
    passed_on(embedded, hub)
    until(lambda: not list(hub.centre.blobs.names()), "the part that had come went with the case")
    hub.gate.cut()
    until(lambda: hub.uplink.road.up is False, "the hub has noticed")
    with pytest.raises(NotThere):
        road.offer("tep-1", FILE.plan.sealed)
    hub.gate.open()
    hub.uplink.nudge()
    until(lambda: hub.uplink.road.up is True, "the line is back")
    with pytest.raises(NotThere):
        road.fetch("tep-1", FILE.plan.sealed, 0, 10)
    send_all(road, "tep-1")
    told = road.offer("tep-1", FILE.plan.sealed)
    assert (told.offset, told.centre) == (FILE.plan.sealed, True), "the centre's own word, passed on"
    assert whole_at(embedded)
    assert not list(hub.centre.blobs.names())
    new.pull()
    assert fetch_all(roads(new), "tep-1") == FILE.whole


def test_a_file_put_in_by_one_who_had_not_heard_that_the_case_left_goes_on_and_stays_at_no_hub(
    embedded: Running, hub: RunningHub, desks: MakeDesk, roads: Callable[[Desk], BlobRoad]
) -> None:
    one, new = desks(embedded, "AG01"), desks(embedded, "HN01")
    hub.visiting(one).write_contact("t1", case=True)
    one.push()
    hub.settled(embedded)
    passed_on(embedded, hub)
    until(lambda: not has(hub.centre, "contact", "t1"), "all of it has")
    hub.gate.cut()
    until(lambda: hub.uplink.road.up is False, "the hub has noticed")
    attach(one, "tep-1")  # before it has read that the case left
    one.push()
    road = roads(one)
    send_all(road, "tep-1")
    assert whole_at(hub), "no line: the hub keeps the words and the bytes for the centre"
    assert hub.centre.read(held.count) > 0
    hub.gate.open()
    hub.uplink.nudge()
    until(lambda: whole_at(embedded), "the centre has it")
    until(lambda: not list(hub.centre.blobs.names()), "no byte is left at the hub")
    assert hub.centre.read(held.count) == 0, "nor do words wait there of which the centre has disposed"
    new.pull()
    assert fetch_all(roads(new), "tep-1") == FILE.whole


def test_a_hub_passes_no_altered_part_on_as_good(
    embedded: Running, hub: RunningHub, desks: MakeDesk, roads: Callable[[Desk], BlobRoad]
) -> None:
    one = desks(embedded)
    hub.visiting(one).write_contact("t1", case=True)
    attach(one, "tep-1", SMALL)
    one.push()
    hub.settled(embedded)
    passed_on(embedded, hub)
    road = roads(one)
    sealed = SMALL.plan.sealed
    assert road.offer("tep-1", sealed).offset == 0
    with pytest.raises(Spoilt):
        road.send("tep-1", sealed, 0, b"\x00" * sealed)
    assert road.send("tep-1", sealed, sealed - 1, SMALL.whole[-1:]) == 0, "it is to go on from where the centre ends"
    assert road.send("tep-1", sealed, 0, SMALL.whole) == sealed
    assert whole_at(embedded, SMALL)


def test_what_was_erased_after_its_case_had_left_stays_at_no_desk_and_no_hub(
    embedded: Running, hub: RunningHub, desks: MakeDesk, roads: Callable[[Desk], BlobRoad]
) -> None:
    one, other = desks(embedded, "AG01"), desks(embedded, "AG02")
    hub.visiting(one).write_contact("t1", case=True)
    attach(one, "tep-1")
    attach(one, "tep-2", SMALL)
    one.push()
    hub.settled(embedded)
    road = roads(one)
    hub.uplink.blobs._events.put(Text(busy=True))
    send_all(road, "tep-1")
    passed_on(embedded, hub)
    assert whole_at(hub), "it has still to go up"
    erase(embedded.centre, "attachment", "tep-1", "QD-1")
    erase(embedded.centre, "attachment", "tep-2", "QD-1")
    hub.uplink.blobs._events.put(Text(busy=False))
    until(lambda: not list(hub.centre.blobs.names()), "the hub was told, and keeps nothing")
    for record, file in (("tep-1", FILE), ("tep-2", SMALL)):
        with pytest.raises(Erased):
            road.offer(record, file.plan.sealed)
    direct = roads(other)
    with pytest.raises(NotThere) as told:
        direct.offer("tep-1", FILE.plan.sealed)
    assert not isinstance(told.value, Erased), "one who did not write it learns nothing"


def test_an_erased_attachment_leaves_no_byte_at_the_hub(
    embedded: Running, hub: RunningHub, desks: MakeDesk, roads: Callable[[Desk], BlobRoad]
) -> None:
    one = desks(embedded)
    hub.visiting(one).write_contact("t1")
    attach(one, "tep-1")
    attach(one, "tep-2", SMALL)
    one.push()
    hub.settled(embedded)
    road = roads(one)
    send_all(road, "tep-1")
    send_all(road, "tep-2", SMALL)
    until(lambda: road.offer("tep-1", FILE.plan.sealed).centre, "the centre has it")
    erase(embedded.centre, "attachment", "tep-1", "QD-1")
    assert embedded.centre.publish is not None
    embedded.centre.publish(News(audiences=frozenset({"an_giang"})))
    until(lambda: set(hub.centre.blobs.names()) == set(SMALL.plan.chunks), "its bytes are gone, the others are not")
    with pytest.raises(NotThere):
        road.fetch("tep-1", FILE.plan.sealed, 0, 10)


def test_a_hub_gets_no_bytes_of_other_centres(
    embedded: Running, hub: RunningHub, desks: MakeDesk, roads: Callable[[Desk], BlobRoad]
) -> None:
    away = desks(embedded, "DN01")
    away.write_contact("t9")
    attach(away, "tep-9", SMALL)
    away.push()
    send_all(roads(away), "tep-9", SMALL)
    road = hub.uplink.blobs._opened()
    with pytest.raises(NotThere):
        road.fetch("tep-9", SMALL.plan.sealed, 0, 10)
    with pytest.raises(NotThere):
        road.offer("tep-9", SMALL.plan.sealed)
