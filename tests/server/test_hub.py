"""A hub between desks and centre: cases shared without a line, nothing lost after it, nothing shown too much."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from domain.clock import HOUR
from domain.records.note import Note
from server.operations import transfers
from server.operations.backup import make_backup
from server.operations.centre import News
from server.operations.hub import identity
from server.store import accounts, hubs
from server.store.audit import audit
from server.store.engine import Connection
from server.store.proven import all_devices
from sync import transport
from sync.door import Receipt
from sync.replica import feed, read, removal, scopes, signed, tables
from sync.replica.ledger import is_signed
from sync.replica.relay import NOBODY
from sync.troubles import Forked, ServerTrouble, SignedOut
from tests.server.ground import PATIENCE_S, Desk, InThread, Running
from tests.server.hub_ground import RunningHub, has, running_hub, until, visit
from tests.server.test_passing_on import opened, pass_on

MakeDesk = Callable[..., Desk]


@pytest.fixture
def hub(tmp_path: Path, embedded: Running, database: str | None) -> Iterator[RunningHub]:
    """The hub of An Giang, on SQLCipher and on PostgreSQL, below a centre on the embedded store."""
    with running_hub(tmp_path / "hub", embedded, database=database) as one:
        yield one


def known_at_hub(hub: RunningHub, *desks: Desk) -> None:
    """Let desks meet the hub once, while the line stands."""
    for desk in desks:
        hub.visiting(desk).pull()


def test_desks_share_a_case_while_the_line_is_cut_and_the_centre_has_all_of_it_after(
    embedded: Running, hub: RunningHub, desks: MakeDesk
) -> None:
    one, other = desks(embedded, "AG01"), desks(embedded, "AG02")
    known_at_hub(hub, one, other)
    hub.gate.cut()
    one.write_contact("a", "Bé kể chuyện ở lớp", case=True)
    answer = one.push()
    assert (answer.acked, answer.centre_acked, answer.centre) == (3, 0, embedded.centre.lineage)
    other.pull()
    other.node.change("contact", "a", summary="Bé kể chuyện ở lớp, đã gọi lại")
    other.push()
    one.pull()
    assert one.node.stored("contact", "a").record.summary == "Bé kể chuyện ở lớp, đã gọi lại"
    assert one.digest == one.own_digest()
    assert not has(embedded.centre, "contact", "a")
    hub.gate.open()
    hub.settled(embedded)
    assert embedded.centre.read(lambda c: read.one(c, "contact", "a")).record.summary.endswith("đã gọi lại")  # type: ignore[union-attr]  # settled: it is there
    for desk in (one, other):
        desk.pull()
        assert desk.digest == desk.own_digest()
        known = desk.road.pull(desk.lineage, desk.cursor, 10, 0, 20.0)
        assert known is not None
        assert known[0].centre_acked == known[0].acked > 0
        visit(desk, embedded.url).pull()
        assert desk.digest == desk.own_digest(), "at the centre too"


def test_news_of_the_centres_acknowledgement_ends_a_held_pull(
    embedded: Running, hub: RunningHub, desks: MakeDesk
) -> None:
    one = desks(embedded)
    known_at_hub(hub, one)
    hub.gate.cut()
    one.write_contact("a")
    one.push()
    one.pull()
    hub.gate.open()
    while True:
        told = one.road.pull(one.lineage, one.cursor, 100, 25.0, 60.0)
        assert told is not None, "the pull was held to its end"
        one.take(told)
        if told[0].centre_acked == 2:
            break
    assert has(embedded.centre, "contact", "a")


def test_what_desks_write_at_the_centre_comes_down_once_and_only_to_whom_it_concerns(
    embedded: Running, hub: RunningHub, desks: MakeDesk
) -> None:
    one, away = desks(embedded, "AG01"), desks(embedded, "HN01")
    held_by_all = desks(embedded, "AG09", all_cases=True)
    away.write_contact("of-hanoi", case=True)
    away.write_contact("of-hanoi-too")
    away.push()
    away.write_calls(range(3))
    away.push()
    one.write_contact("of-an-giang")
    one.push()
    hub.settled(embedded)
    assert has(hub.centre, "contact", "of-an-giang")
    assert has(hub.centre, "contact", "of-hanoi"), "granted to a desk of An Giang"
    assert not has(hub.centre, "contact", "of-hanoi-too")
    assert hub.centre.read(lambda c: c.execute(select(tables.records["call"].c.id)).all()) == []
    for desk in (one, held_by_all):
        hub.visiting(desk).pull()
        assert desk.digest == desk.own_digest()
    assert held_by_all.node.has("contact", "of-hanoi")
    assert not one.node.has("contact", "of-hanoi")
    held_by_all.node.change("contact", "of-hanoi", summary="Cả nước cùng lo")
    held_by_all.push()
    hub.settled(embedded)
    away.pull()
    assert away.node.stored("contact", "of-hanoi").record.summary == "Cả nước cùng lo"
    assert hub.centre.read(hubs.grants_without_proof) == 0


def test_a_cloned_desk_at_the_hub_and_its_twin_at_the_centre_lose_nothing(
    embedded: Running, hub: RunningHub, desks: MakeDesk
) -> None:
    one, other = desks(embedded, "AG01"), desks(embedded, "AG02")
    one.write_contact("before")
    one.push()
    twin = Desk(one.enrolled, one.key, embedded.url)
    try:
        twin.node.fold(one.node.outbox())
        twin.write_contact("before")  # the same numbers, other stamps: the chains have parted at their beginning
        known_at_hub(hub, one, other)
        hub.gate.cut()
        one.write_contact("at-the-hub", "Ghi ở trạm vùng")
        assert one.push().acked == 4
        other.pull()
        twin.write_contact("at-the-centre")
        with pytest.raises(Forked):
            twin.push()
    finally:
        twin.close()
    # Now one that parts later: the twin knows the first act, and goes on differently from it.
    twin = Desk(one.enrolled, one.key, embedded.url)
    try:
        first = one.node.outbox()[:2]
        twin.node.run(lambda c: twin.node.replica.replace(c, first))
        twin.acked = 2
        twin.write_contact("at-the-centre", "Ghi ở trung tâm")
        twin.write_contact("at-the-centre-too")
        assert twin.push().acked == 6
    finally:
        twin.close()
    hub.gate.open()
    until(lambda: has(embedded.centre, "contact", "at-the-hub"), "what the clone wrote at the hub is at the centre")
    hub.settled(embedded)
    assert has(hub.centre, "contact", "at-the-centre")
    other.pull()
    assert other.digest == other.own_digest()
    one.write_contact("later")
    with pytest.raises(Forked):
        one.push()


def test_what_a_hub_took_over_from_a_clone_is_kept_in_a_case_that_was_passed_on_meanwhile(
    embedded: Running, hub: RunningHub, desks: MakeDesk
) -> None:
    """Seed 4468 of a soak: held for ever, for nobody grants a hub anything, and nobody withdraws it either."""
    one, other, there = desks(embedded, "AG01"), desks(embedded, "AG02"), desks(embedded, "DN01")
    opened(other)
    one.pull()
    twin = Desk(one.enrolled, one.key, embedded.url)
    try:
        twin.pull()
        known_at_hub(hub, one, other)
        hub.settled(embedded)
        hub.gate.cut()
        one.node.change("contact", "k1", summary="Ghi ở trạm vùng")
        one.push()
        twin.write_contact("elsewhere")
        pass_on(twin, "da_nang")
    finally:
        twin.close()
    hub.gate.open()

    def is_there() -> bool:
        stored = embedded.centre.read(lambda c: read.one(c, "contact", "k1"))
        return stored is not None and stored.record.summary == "Ghi ở trạm vùng"

    until(is_there, "what the clone wrote at the hub is applied at the centre")
    assert embedded.centre.read(lambda c: read.held(c, limit=10)) == []
    there.pull()
    assert there.node.stored("contact", "k1").record.summary == "Ghi ở trạm vùng"
    assert there.digest == there.own_digest()


def test_a_desk_enrols_through_the_hub_and_hears_one_sentence_without_a_line(
    embedded: Running, hub: RunningHub
) -> None:
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    code = embedded.code("AG05")
    hub.gate.cut()
    with pytest.raises(ServerTrouble, match="chưa liên lạc được với trung tâm"):
        transport.enrol(hub.url, code, public, "máy 5")
    hub.gate.open()
    with pytest.raises(SignedOut, match="xin trưởng ca một mã mới"):
        transport.enrol(hub.url, "AAAA-BBBB-CCCC", public, "máy 5")
    made = transport.enrol(hub.url, code, public, "máy 5")
    assert (made.seat, made.lineage, made.upstream) == ("AG05", hub.centre.lineage, hub.gate.url)
    assert [d.id for d in embedded.centre.read(lambda c: hubs.desks_of(c, "an_giang"))] == [made.device]
    desk = Desk(made, key, hub.url)
    try:
        hub.gate.cut()
        desk.write_contact("a")
        assert desk.push().acked == 2
    finally:
        desk.close()


def test_a_desk_that_speaks_to_its_hub_only_gets_the_new_years_numbers(
    embedded: Running, hub: RunningHub, desks: MakeDesk
) -> None:
    one = desks(embedded)
    known_at_hub(hub, one)
    embedded.clock.pass_ms(370 * 24 * HOUR)
    one.write_contact("a")
    one.push()

    def years() -> set[int]:
        year = tables.records["number_block"].c.year
        return set(hub.centre.read(lambda c: list(c.execute(select(year)).scalars())))

    until(lambda: len(years()) == 2, "the numbers of the new year are at the hub")
    assert one.pull() >= 1
    blocks = one.node.run(lambda c: c.execute(select(tables.records["number_block"])).all())
    assert {(row.device, row.year) for row in blocks} == {(one.enrolled.device, year) for year in years()}


def test_a_hub_tells_its_desks_what_lies_in_a_verified_backup_of_the_centre_and_no_more(
    embedded: Running, hub: RunningHub, desks: MakeDesk, tmp_path: Path
) -> None:
    one, other = desks(embedded, "AG01"), desks(embedded, "AG02")
    known_at_hub(hub, one, other)
    one.write_contact("a")
    one.push()
    hub.settled(embedded)
    make_backup(embedded.centre, tmp_path / "data", tmp_path / "backups", tmp_path / "backup.key", embedded=True)
    before = one.road.pull(one.lineage, one.cursor, 10, 0, 60.0)
    assert before is not None
    assert before[0].backed_up == 0, "the hub has not heard of it yet"
    one.take(before)
    held = InThread(lambda: one.road.pull(one.lineage, one.cursor, 10, 25.0, 60.0))
    assert hub.serving.counter.room.wait_for_count(1, PATIENCE_S)
    assert hub.uplink.refresh()
    told = held.outcome()
    assert isinstance(told, tuple), "news of it ends a held pull"
    assert (told[0].acked, told[0].centre_acked, told[0].backed_up) == (2, 2, 2)
    one.write_contact("b")
    assert one.push().backed_up == 2
    other.write_contact("c")
    assert other.push().backed_up == 0, "each device hears of its own chain"
    other.pull()
    assert other.node.has("contact", "b")


def test_of_signatures_before_a_backup_enough_stay_to_send_the_chain_again_in_parts(hub: RunningHub) -> None:
    def work(connection: Connection) -> list[int]:
        for n in range(1, 2_001, 10):
            signed.keep(connection, "desk", 1, n, b"s" * 64)
            signed.keep(connection, "desk", 2, n, b"s" * 64)
        signed.thin_before(connection, "desk", 1, 1_601)
        assert len(signed.ends_after(connection, "desk", 2, 0, 1_000)) == 200
        return signed.ends_after(connection, "desk", 1, 0, 1_000)

    assert hub.centre.lane.do(work) == [491, 991, 1491, 1591, *range(1_601, 2_001, 10)]


def test_a_hub_brings_nothing_unsigned_and_reads_nothing_of_other_centres(
    embedded: Running, hub: RunningHub, desks: MakeDesk, tmp_path: Path
) -> None:
    one, away = desks(embedded, "AG01"), desks(embedded, "HN01")
    away.write_contact("of-hanoi")
    away.push()
    me = identity(hub.centre, tmp_path / "hub")
    road = transport.HttpTransport(embedded.url, me.device, 1, me.key.sign)
    try:
        one.write_contact("a")
        forged = one.batch(one.node.outbox(), Ed25519PrivateKey.generate())
        with pytest.raises(SignedOut, match="chữ ký"):
            road.push(forged, 20.0)
        away.write_contact("b")
        with pytest.raises(SignedOut):
            road.push(away.batch(away.node.outbox(2)), 20.0)
        assert not has(embedded.centre, "contact", "a")
        assert not has(embedded.centre, "contact", "b")
        _, placed = road.scope(scopes.dossier("of-hanoi"), 1 << 40, 0, 20.0)
        assert placed == []
        assert {one.centre for one in road.devices().devices} == {"an_giang"}
        assert road.push(one.batch(one.node.outbox()), 20.0).acked == 2, "signed by its author it is taken"
    finally:
        road.close()
    with pytest.raises(SignedOut):
        one.road.devices()


def test_a_desk_that_stays_behind_its_hub_gets_the_centres_own_signed_word(
    embedded: Running, hub: RunningHub, desks: MakeDesk
) -> None:
    """It keeps existing records open (settled 13); the hub passes it on and never puts its own in its place."""
    one, away = desks(embedded, "AG01"), desks(embedded, "DN01")
    hub.visiting(one).write_contact("a", case=True)
    one.push()
    hub.settled(embedded)
    one.pull()
    key = one.enrolled.centre_key

    def given() -> Receipt | None:
        return one.road.receipt(one.own_digest(), PATIENCE_S)

    until(lambda: (got := given()) is not None and is_signed(key, got), "the centre's word came through the hub")
    word = given()
    assert word is not None
    assert (word.device, word.lineage) == (one.enrolled.device, embedded.centre.lineage)
    (known,) = [row for row in embedded.centre.read(all_devices) if row.device == one.enrolled.device]
    assert known.at == word.time, "the centre knows of it"
    above = hub.uplink._transport
    assert above.receipt("3:" + "0" * 64, PATIENCE_S, one.enrolled.device) is None, "it counts something else"
    for asker, of in ((above, away), (away.road, one)):
        with pytest.raises(SignedOut):
            asker.receipt(one.own_digest(), PATIENCE_S, of.enrolled.device)
    hub.gate.cut()
    until(lambda: hub.uplink.road.up is False, "the hub has noticed")
    alone = given()
    assert alone is not None
    assert not is_signed(key, alone), "a hub's word prolongs nothing"


def test_a_revoked_desk_gets_no_session_at_the_hub(embedded: Running, hub: RunningHub, desks: MakeDesk) -> None:
    one = desks(embedded)
    known_at_hub(hub, one)

    def revoke(connection: Connection) -> None:
        table = accounts.device
        connection.execute(table.update().where(table.c.id == one.enrolled.device).values(revoked_at=1))

    embedded.centre.lane.do(revoke)
    assert hub.uplink.refresh()
    hub.gate.cut()
    with pytest.raises(SignedOut):
        visit(one, hub.url).pull()


def test_a_case_passed_on_leaves_the_hub_and_comes_back_whole(
    embedded: Running, hub: RunningHub, desks: MakeDesk
) -> None:
    one, away = desks(embedded, "AG01"), desks(embedded, "HN01")
    known_at_hub(hub, one)
    scope = one.write_contact("a", case=True)
    one.push()
    hub.settled(embedded)
    pass_it = partial(transfers.pass_on, embedded.centre, scope=scope)
    embedded.centre.lane.do(lambda c: pass_it(c, to="hanoi"))
    hub.uplink.nudge()
    assert embedded.centre.publish is not None
    embedded.centre.publish(News(audiences=frozenset({"an_giang"})))
    until(lambda: not has(hub.centre, "contact", "a"), "the hub has wiped the case")
    hub.settled(embedded)
    assert hub.centre.read(lambda c: scopes.homes(c, [scope])) == {scope: NOBODY}
    one.acked = 0
    hub.visiting(one).push()  # what founded it comes to the hub once more
    assert hub.centre.read(lambda c: scopes.homes(c, [scope])) == {scope: NOBODY}, "it does not become its own again"
    away.pull()
    assert away.node.has("contact", "a")
    embedded.centre.lane.do(lambda c: pass_it(c, to="an_giang"))
    embedded.centre.publish(News(audiences=frozenset({"an_giang"})))
    until(lambda: has(hub.centre, "contact", "a"), "the hub holds the case again")
    hub.settled(embedded)


def test_a_hub_does_not_take_a_dossier_for_its_own_because_its_desk_writes_into_it(
    embedded: Running, hub: RunningHub, desks: MakeDesk
) -> None:
    one, other = desks(embedded, "AG01"), desks(embedded, "AG02")
    known_at_hub(hub, one, other)
    hub.gate.cut()
    act = one.node.act()
    act.create(scopes.dossier("of-hanoi"), Note(id="n1", contact_id="of-hanoi", text="Lời về trẻ của nơi khác"))
    one.node.write(act)
    assert [held.why for held in one.push().held] == ["ungranted_scope"]
    assert hub.centre.read(lambda c: scopes.homes(c, [scopes.dossier("of-hanoi")])) == {}
    other.pull()
    assert not other.node.has("note", "n1")


def test_a_hub_carries_words_closed_to_the_centre_and_cannot_read_them(
    embedded: Running, hub: RunningHub, desks: MakeDesk
) -> None:
    one = desks(embedded)
    known_at_hub(hub, one)
    hub.gate.cut()
    scope = one.write_contact("a", "Lời riêng của trẻ")
    key = embedded.centre.courier_key.public_key()
    assert one.node.run(lambda c: removal.close_log(c, scope, key)) == 2
    answer = one.push()
    assert [(held.n, held.why) for held in answer.held] == [(1, "closed"), (2, "closed")]
    assert not has(hub.centre, "contact", "a")
    hub.gate.open()
    until(lambda: has(embedded.centre, "contact", "a"), "the centre has opened it")
    stored = embedded.centre.read(lambda c: read.one(c, "contact", "a"))
    assert stored is not None
    assert stored.record.summary == "Lời riêng của trẻ"
    for to in ("hanoi", "an_giang"):
        embedded.centre.lane.do(lambda c, to=to: transfers.pass_on(embedded.centre, c, scope=scope, to=to))  # type: ignore[misc]  # binds the loop's value
    assert embedded.centre.publish is not None
    embedded.centre.publish(News(audiences=frozenset({"an_giang"})))
    until(lambda: has(hub.centre, "contact", "a"), "the hub's desks may have it again, and it is shown in clear")
    hub.settled(embedded)
    shown = hub.centre.read(lambda c: feed.of_scope(c, scope, upto=1 << 40, past=0)).placed
    assert {(placed.n, placed.closed) for placed in shown if placed.device == one.enrolled.device} == {
        (1, False), (2, False)
    }, "its author reads here again what it wrote"  # fmt: skip
    for server in (hub.centre, embedded.centre):
        found = server.read(audit).differences
        assert found == [], found
