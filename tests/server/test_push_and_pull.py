"""What two desks and a centre say to each other over real HTTP, on both stores."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from domain.numbering import case_code
from domain.records.case import Case
from domain.records.road import Grant
from server.store.audit import audit
from sync import transport
from sync.operation import Placed, decode_body
from sync.replica import read, scopes, tables
from sync.replica.replica import Identity
from sync.troubles import Behind, Forked, ServerTrouble, SignedOut
from tests.server.ground import PATIENCE_S, Desk, InThread, Running
from tests.sync.nodes import call

MakeDesk = Callable[..., Desk]


def stored_rows(centre: Running, kind: str) -> set[str]:
    table = tables.records[kind]
    return {row.id for row in centre.centre.read(lambda c: c.execute(select(table.c.id)).all())}


def test_what_one_desk_saves_another_of_its_centre_holds(centre: Running, desks: MakeDesk) -> None:
    one, other = desks(centre, "AG01"), desks(centre, "AG02")
    one.write_contact("a", "Bé nói chuyện với cô giáo — “không dám về nhà”")
    answer = one.push()
    assert (answer.acked, answer.centre_acked, answer.held) == (2, 2, [])
    assert answer.lineage == centre.centre.lineage
    other.pull()
    assert other.node.stored("contact", "a").record.summary == "Bé nói chuyện với cô giáo — “không dám về nhà”"


def test_the_digest_of_a_pull_equals_the_desks_own(centre: Running, desks: MakeDesk) -> None:
    one, other = desks(centre, "AG01"), desks(centre, "AG02")
    one.write_contact("a", case=True)
    one.write_calls(range(20))
    one.push()
    other.pull()
    other.node.change("contact", "a", summary="Đã gọi lại")
    other.push()
    for desk in (one, other):
        desk.pull()
        assert desk.digest == desk.own_digest()
        assert not desk.digest.startswith("0:")
    assert one.node.digests() != {}
    assert centre.centre.read(audit).differences == []


def test_a_repeated_push_is_harmless(centre: Running, desks: MakeDesk) -> None:
    one, other = desks(centre, "AG01"), desks(centre, "AG02")
    one.write_calls(range(5))
    batch = one.batch(one.node.outbox())
    first = one.road.push(batch, PATIENCE_S)
    again = one.road.push(batch, PATIENCE_S)
    assert (first.acked, again.acked) == (5, 5)
    assert again.last_seq == first.last_seq > 0, "the first answer may have been lost"
    assert other.pull() == 6  # five calls and its own block of case numbers
    assert len(stored_rows(centre, "call")) == 5


def test_a_batch_beyond_a_gap_is_told_where_to_go_on(centre: Running, desks: MakeDesk) -> None:
    one = desks(centre)
    one.write_calls(range(4))
    one.road.push(one.batch(one.node.outbox()[:1]), PATIENCE_S)
    with pytest.raises(Behind) as told:
        one.road.push(one.batch(one.node.outbox()[2:]), PATIENCE_S)
    assert told.value.acked == 1
    assert len(stored_rows(centre, "call")) == 1


def test_other_bytes_under_a_known_number_are_a_fork(centre: Running, desks: MakeDesk) -> None:
    one = desks(centre)
    one.write_calls(range(2))
    one.push()
    twin = Desk(one.enrolled, one.key, centre.url)
    try:
        twin.write_calls(range(7, 9))
        with pytest.raises(Forked) as told:
            twin.push()
        assert told.value.n == 1
        twin.node.incarnation = 2
        twin.road.continue_as(2)
        twin.write_calls(range(7, 9))
        assert twin.push().acked == 2
    finally:
        twin.close()
    assert len(stored_rows(centre, "call")) == 4


def test_a_batch_signed_by_another_key_changes_nothing(centre: Running, desks: MakeDesk) -> None:
    one = desks(centre)
    one.write_calls(range(2))
    with pytest.raises(SignedOut, match="chữ ký"):
        one.road.push(one.batch(one.node.outbox(), Ed25519PrivateKey.generate()), PATIENCE_S)
    assert stored_rows(centre, "call") == set()


def test_a_held_operation_is_neither_refused_nor_in_the_way(centre: Running, desks: MakeDesk) -> None:
    one = desks(centre)
    desks(centre, "HN01").write_contact("of-hanoi")
    strange = one.node.act()
    strange.create(scopes.centre("hanoi"), call(1))
    one.node.write(strange)
    one.write_calls(range(2, 4))
    answer = one.push()
    assert answer.acked == 3
    assert [(held.n, held.why) for held in answer.held] == [(1, "ungranted_scope")]
    assert [(held.n, held.why, held.kind) for held in one.road.held()] == [(1, "ungranted_scope", "call")]
    assert len(stored_rows(centre, "call")) == 2
    again = one.road.push(one.batch(one.node.outbox()), PATIENCE_S)
    assert [held.n for held in again.held] == [1]
    assert centre.centre.read(audit).differences == []


def test_bytes_that_are_no_operation_are_kept_and_held(centre: Running, desks: MakeDesk) -> None:
    one = desks(centre)
    one.write_calls(range(2))
    good = one.node.outbox()
    strange = [Placed(good[0].device, 1, 1, 1, b"salt", b"{not json"), good[1]]
    answer = one.road.push(one.batch(strange), PATIENCE_S)
    assert answer.acked == 2
    assert [(held.n, held.why) for held in answer.held] == [(1, "undecodable")]
    kept = centre.centre.read(lambda c: c.execute(select(tables.log.c.body).where(tables.log.c.n == 1)).all())
    assert b"{not json" in [bytes(row.body) for row in kept]


def test_a_hanoi_desk_with_all_cases_is_granted_a_dossier_and_its_history(
    centre: Running, desks: MakeDesk
) -> None:
    angiang, hanoi, danang = desks(centre, "AG01"), desks(centre, "HN01", all_cases=True), desks(centre, "DN01")
    before = angiang.write_contact("before")
    angiang.write_contact("other")
    angiang.push()
    hanoi.pull()
    assert hanoi.node.run(lambda c: read.one(c, "contact", "before")) is None
    act = angiang.node.act()
    act.create(before, Case(id="case-1", contact_id="before", urgency="high"))
    angiang.node.write(act)
    angiang.push()
    for desk in (hanoi, danang, angiang):
        desk.pull()
        assert desk.digest == desk.own_digest()
    assert hanoi.node.stored("case", "case-1").record.urgency == "high"
    assert hanoi.node.stored("contact", "before").record.summary == "Trẻ cần được lắng nghe"
    assert hanoi.node.run(lambda c: read.one(c, "contact", "other")) is None
    assert danang.node.run(lambda c: read.one(c, "case", "case-1")) is None
    hanoi.node.change("case", "case-1", urgency="critical")
    assert hanoi.push().held == []
    angiang.node.change("contact", "before", summary="Đã gặp cán bộ xã")
    angiang.push()
    for desk in (angiang, hanoi):
        desk.pull()
        assert desk.digest == desk.own_digest()
    assert angiang.node.stored("case", "case-1").record.urgency == "critical"
    assert hanoi.node.stored("contact", "before").record.summary == "Đã gặp cán bộ xã"
    assert centre.centre.read(audit).differences == []


def test_a_desk_enrolled_later_for_all_cases_gets_those_there_already(
    centre: Running, desks: MakeDesk
) -> None:
    angiang = desks(centre, "AG01")
    for number in range(3):
        angiang.write_contact(f"c{number}", case=True)
    angiang.push()
    hanoi = desks(centre, "HN01", all_cases=True)
    hanoi.pull()
    assert hanoi.digest == hanoi.own_digest()
    assert {f"case-c{n}" for n in range(3)} == {
        row.id for row in hanoi.node.run(lambda c: c.execute(select(tables.records["case"].c.id)).all())
    }


def test_a_desk_cannot_grant_itself_another_centres_dossier(centre: Running, desks: MakeDesk) -> None:
    angiang, danang = desks(centre, "AG01"), desks(centre, "DN01")
    scope = angiang.write_contact("secret", case=True)
    angiang.push()
    for into in (scopes.centre("da_nang"), scopes.device_scope(danang.enrolled.device), scopes.dossier("mine")):
        act = danang.node.act()
        act.create(into, Grant(id=f"g-{into}", device=danang.enrolled.device, granted_scope=scope), action="grant")
        danang.node.write(act)
    danang.push()
    head, placed = danang.road.scope(scope, 1_000, 0, PATIENCE_S)
    assert (placed, head.more) == ([], False)
    danang.scopes_wanted.clear()
    danang.pull()
    assert danang.node.run(lambda c: read.one(c, "contact", "secret")) is None


def test_case_numbers_of_two_desks_never_meet_and_are_renewed(centre: Running, desks: MakeDesk) -> None:
    one, other = desks(centre, "AG01"), desks(centre, "AG02")

    def blocks(desk: Desk) -> list[tuple[int, int]]:
        desk.pull()
        rows = desk.node.run(lambda c: read.where(c, "number_block", "device", desk.enrolled.device))
        return sorted((row.record.first, row.record.last) for row in rows)

    assert blocks(one) == [(1, 200)]
    assert blocks(other) == [(201, 400)]
    scope = one.write_contact("a")
    act = one.node.act()
    year = 2025  # of the hand clock
    act.create(scope, Case(id="k", contact_id="a", code=case_code("CT", year, 3, 170)))
    one.node.write(act)
    one.push()
    assert blocks(one) == [(1, 200), (401, 600)]
    one.node.incarnation = 2
    one.road.continue_as(2)
    assert blocks(one) == [(1, 200), (401, 600), (601, 800)]


def test_no_row_is_lost_to_a_follower_of_eight_writers(centre: Running, desks: MakeDesk) -> None:
    writers = [desks(centre, f"AG{n:02d}") for n in range(1, 9)]
    follower = desks(centre, "AG99")
    rounds, each = 8, 5
    done = threading.Event()
    seen: list[int] = []

    def follow() -> None:
        while True:
            last = done.is_set()
            follower.pull()
            seen.append(follower.cursor)
            if last:
                return

    def work(desk: Desk) -> None:
        for start in range(0, rounds * each, each):
            desk.write_calls(range(start, start + each))
            desk.push()

    following = InThread(follow)
    pushing = [InThread(lambda desk=desk: work(desk)) for desk in writers]  # type: ignore[misc]  # binds the loop's value
    for one in pushing:
        one.outcome()
    done.set()
    following.outcome()
    expected = {f"{desk.enrolled.device}-{n}" for desk in writers for n in range(rounds * each)}
    assert stored_rows(centre, "call") == expected
    table = tables.records["call"]
    held = {row.id for row in follower.node.run(lambda c: c.execute(select(table.c.id)).all())}
    assert held == expected
    assert follower.digest == follower.own_digest()
    assert all(a <= b for a, b in itertools.pairwise(seen))
    assert centre.centre.read(audit).differences == []


def test_a_cursor_of_another_lineage_brings_nothing_but_the_lineage(centre: Running, desks: MakeDesk) -> None:
    one, other = desks(centre, "AG01"), desks(centre, "AG02")
    one.write_calls(range(3))
    one.push()
    answer = other.road.pull("00ff00ff00ff00ff", 99, 100, 0, PATIENCE_S)
    assert answer is not None
    assert (answer[0].lineage, answer[1], answer[0].digest) == (centre.centre.lineage, [], "")


def test_pages_split_no_act_and_end_with_a_digest(centre: Running, desks: MakeDesk) -> None:
    one, other = desks(centre, "AG01"), desks(centre, "AG02")
    for number in range(6):
        one.write_contact(f"c{number}", case=True)
    one.push()
    cursor, more, groups = 0, True, []
    while more:
        answer = other.road.pull("", cursor, 3, 0, PATIENCE_S)
        assert answer is not None
        head, placed = answer
        assert placed == [] or placed[-1].n == placed[-1].group
        assert bool(head.digest) is not head.more
        groups.append(len(placed))
        other.take(answer)
        cursor, more = head.next, head.more
    assert sum(groups) == 6 * 3 + 1
    assert len(groups) > 3
    assert other.digest == other.own_digest()


def test_a_stamp_of_the_centre_never_goes_back_over_a_restart(centre: Running, desks: MakeDesk) -> None:
    desks(centre, "AG01")
    desks(centre, "AG02")
    rows = centre.centre.read(
        lambda c: c.execute(
            select(tables.log.c.body).where(tables.log.c.device == "centre").order_by(tables.log.c.seq)
        ).all()
    )
    stamps = [decode_body(bytes(row.body)).stamp for row in rows]
    assert stamps == sorted(set(stamps))
    assert len(stamps) == 2
    assert centre.centre.read(lambda c: centre.centre.replica.head(c, Identity("centre"))[0]) == 2


def test_an_operation_for_numbers_beyond_counting_is_refused_and_nothing_breaks(
    centre: Running, desks: MakeDesk
) -> None:
    one = desks(centre)
    one.write_calls(range(1))
    placed = one.node.outbox()[0]
    huge = Placed(placed.device, 1 << 40, 1, 1, placed.salt, placed.body)
    with pytest.raises(ServerTrouble):
        one.road.push(one.batch([huge]), PATIENCE_S)
    assert one.push().acked == 1


def test_health_says_lineage_and_feed(centre: Running, desks: MakeDesk) -> None:
    desks(centre)
    said = transport.health(centre.url)
    assert (said.lineage, said.feed, said.role, said.time) == (
        centre.centre.lineage,
        1,
        "centre",
        centre.clock.now_ms(),
    )
