"""The replica on every store: folding, holding, accepting, reading, and digests that are counted from rows."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial

import pytest
from sqlalchemy import Engine, text

from domain.records.note import Note
from domain.records.road import Custody, Grant
from sync import chain
from sync.operation import GRANT, Body, Placed, encode_body
from sync.replica import feed, node, read, scopes, sums, tables
from sync.replica.replica import BadSignature, Fork, Gap
from tests.sync.nodes import Node, call, contact

Make = Callable[[], Engine]


def _founded(desk: Node, number: int = 1, **values: object) -> None:
    act = desk.act()
    act.create(scopes.dossier(f"contact-{number}"), contact(number, **values), ranks={"urgency": 2})
    act.create(scopes.centre(desk.centre), call(number, contact_id=f"contact-{number}"))
    desk.write(act)


def test_what_is_written_is_read_back_whole(fresh_engine: Make) -> None:
    desk = Node(fresh_engine())
    _founded(desk, 1, summary='Cháu nói: "sợ"\n\tĐặng Thị Ẵm 😢', topics=("b", "a"), in_depth=True)
    stored = desk.stored("contact", "contact-1")
    assert stored.record == contact(1, summary='Cháu nói: "sợ"\n\tĐặng Thị Ẵm 😢', topics=("a", "b"), in_depth=True)
    assert stored.scope == "dossier:contact-1"
    desk.digests()


def test_one_act_is_one_group_with_one_stamp(fresh_engine: Make) -> None:
    desk = Node(fresh_engine())
    _founded(desk, 1)
    _founded(desk, 2)
    placed = desk.outbox()
    groups = [one.group for one in placed]
    assert [one.n for one in placed] == list(range(1, len(placed) + 1))
    assert groups == [groups[0]] * groups[0] + [len(placed)] * (len(placed) - groups[0])


def test_an_edit_changes_one_field_and_keeps_the_rest(fresh_engine: Make) -> None:
    desk = Node(fresh_engine())
    _founded(desk)
    desk.change("contact", "contact-1", summary="Đã gọi lại", topics=("law_policy",), confidential=True)
    stored = desk.stored("contact", "contact-1")
    assert (stored.record.summary, stored.record.topics) == ("Đã gọi lại", ("law_policy",))
    assert stored.record.confidential is True
    assert stored.record.received_at == 1
    assert stored.siblings() == {}
    desk.digests()


def test_a_value_cleared_is_empty_and_may_be_set_again(fresh_engine: Make) -> None:
    desk = Node(fresh_engine())
    _founded(desk, 1, campaign="tháng hành động")
    desk.change("contact", "contact-1", campaign=None)
    assert desk.stored("contact", "contact-1").record.campaign is None
    desk.change("contact", "contact-1", campaign="lại")
    assert desk.stored("contact", "contact-1").record.campaign == "lại"
    desk.digests()


def _shuffled_edits(desk: Node, other: Node) -> list[Placed]:
    """A small history of two desks with concurrent edits, as the operations of both."""
    _founded(desk)
    other.run(lambda c: other.replica.receive(c, desk.outbox()))
    desk.change("contact", "contact-1", summary="An Giang", topics=("psychology", "trafficking"))
    other.change("contact", "contact-1", summary="Hà Nội", topics=(), urgency="emergency", ranks={"urgency": 4})
    desk.change("contact", "contact-1", urgency="low", ranks={"urgency": 1})
    note = desk.act()
    note.create(scopes.dossier("contact-1"), Note(id="note-1", contact_id="contact-1", text="Đã đến nhà"))
    desk.write(note)
    return [*desk.outbox(), *other.outbox()]


def test_operations_fold_to_the_same_rows_in_any_order_and_any_repetition(fresh_engine: Make) -> None:
    desk, other = Node(fresh_engine(), "ag01"), Node(fresh_engine(), "hn01")
    placed = _shuffled_edits(desk, other)
    seen = set()
    for seed in range(12):
        dice = random.Random(seed)
        mixed = [*placed, *dice.choices(placed, k=5)]
        dice.shuffle(mixed)
        replica = Node(fresh_engine(), f"r{seed}")
        for one in mixed:
            replica.fold([one])
        stored = replica.stored("contact", "contact-1")
        waiting = replica.run(read.held)
        conflicts = [(s.field, s.value) for s in replica.run(read.conflicts)]
        seen.add((str(stored.record), str(sorted(replica.digests().items())), str(conflicts), len(waiting)))
    assert len(seen) == 1
    record, _, conflicts_text, waiting_count = seen.pop()
    assert "emergency" in record
    assert ("Hà Nội" in record) != ("Hà Nội" in conflicts_text)
    assert ("An Giang" in record) != ("An Giang" in conflicts_text)
    assert waiting_count == 0


def test_a_whole_batch_folds_like_one_by_one(fresh_engine: Make) -> None:
    desk, other = Node(fresh_engine(), "ag01"), Node(fresh_engine(), "hn01")
    placed = _shuffled_edits(desk, other)
    whole, single = Node(fresh_engine(), "w"), Node(fresh_engine(), "s")
    whole.run(lambda c: whole.replica.receive(c, placed))
    for one in placed:
        single.fold([one])
    assert whole.digests() == single.digests()
    assert whole.stored("contact", "contact-1") .record == single.stored("contact", "contact-1").record


def test_a_person_resolves_a_conflict_and_every_replica_follows(fresh_engine: Make) -> None:
    desk, other = Node(fresh_engine(), "ag01"), Node(fresh_engine(), "hn01")
    placed = _shuffled_edits(desk, other)
    desk.run(lambda c: desk.replica.receive(c, placed))
    stored = desk.stored("contact", "contact-1")
    assert set(stored.siblings()) == {"summary", "urgency"}
    act = desk.act()
    act.resolve("contact", "contact-1", stored.scope, stored.state, "summary", "Cả hai cùng đúng")
    desk.write(act)
    other.run(lambda c: other.replica.receive(c, [*placed, *desk.outbox()]))
    for one in (desk, other):
        after = one.stored("contact", "contact-1")
        assert after.record.summary == "Cả hai cùng đúng"
        assert set(after.siblings()) == {"urgency"}
        assert [s.field for s in one.run(read.conflicts)] == ["urgency"]
    assert desk.digests() == other.digests()


def test_a_conflict_of_a_contact_stands_while_the_custody_with_its_id_changes(fresh_engine: Make) -> None:
    desk, other = Node(fresh_engine(), "ag01"), Node(fresh_engine(), "hn01")
    placed = _shuffled_edits(desk, other)
    desk.run(lambda c: desk.replica.receive(c, placed))
    scope = desk.stored("contact", "contact-1").scope
    shown = {(one.kind, one.field) for one in desk.run(read.conflicts)}
    act = desk.act()
    act.create(scope, Custody(id="contact-1", centre="da_nang", previous="an_giang", moved_at=1))
    desk.write(act)
    base = desk.stored("custody", "contact-1")
    for to in ("hanoi", "an_giang"):  # both from the same version: the custody comes into conflict and out of it
        act = desk.act()
        act.change("custody", "contact-1", scope, base.state, {"centre": to})
        desk.write(act)
    desk.change("custody", "contact-1", centre="da_nang")
    assert shown <= {(one.kind, one.field) for one in desk.run(read.conflicts)}


def test_a_retracted_record_stays_and_says_why(fresh_engine: Make) -> None:
    desk = Node(fresh_engine())
    _founded(desk)
    stored = desk.stored("contact", "contact-1")
    act = desk.act()
    act.retract("contact", "contact-1", stored.scope, stored.state, "ghi nhầm")
    desk.write(act)
    assert desk.stored("contact", "contact-1").retracted == "ghi nhầm"


def test_an_edit_that_comes_before_its_record_waits_and_is_applied_when_the_record_comes(fresh_engine: Make) -> None:
    desk, late = Node(fresh_engine(), "ag01"), Node(fresh_engine(), "hn01")
    _founded(desk)
    founding = desk.outbox()
    desk.change("contact", "contact-1", summary="sửa")
    edit = desk.outbox(founding[-1].n)
    late.run(lambda c: late.replica.receive(c, edit))
    assert [w.why for w in late.run(read.held)] == ["missing_target"]
    late.run(lambda c: late.replica.receive(c, founding))
    assert late.run(read.held) == []
    assert late.stored("contact", "contact-1").record.summary == "sửa"
    assert late.digests() == desk.digests()


def test_unknown_kinds_and_fields_are_kept_and_counted_by_the_digest(fresh_engine: Make) -> None:
    desk = Node(fresh_engine())
    _founded(desk)
    before = desk.digests()
    stamp = desk.clock.next(desk.wall)
    strange = Body("outreach", "o1", "centre:an_giang", "P1", "create", "tvv", 9, stamp, values={"title": "Hội thảo"})
    newer = Body(
        "contact", "contact-1", "dossier:contact-1", "P2", "patch", "tvv", 9, stamp, values={"mood_score": 4}
    )
    misfit = Body(
        "contact", "contact-1", "dossier:contact-1", "P2", "patch", "tvv", 1, stamp,
        values={"province": {"code": 91}, "campaign": "a\x00b"},
    )  # fmt: skip
    placed = [Placed("x1", 1, n, n, b"s", encode_body(b)) for n, b in enumerate([strange, newer, misfit], 1)]
    desk.run(lambda c: desk.replica.receive(c, placed))
    after = desk.digests()
    assert after != before
    assert after["centre:an_giang", "outreach"].count == 1
    desk.change("contact", "contact-1", summary="vẫn sửa được")
    desk.run(lambda c: desk.replica.receive(c, placed))
    assert desk.stored("contact", "contact-1").record.summary == "vẫn sửa được"
    assert desk.stored("contact", "contact-1").record.province is None
    desk.digests()


@pytest.mark.parametrize("junk", [b"", b"{}", b"[1]", b"\xff\xfe", b'{"k":"call"}', b"[" * 20_000])
def test_bytes_that_are_no_operation_are_kept_and_held(fresh_engine: Make, junk: bytes) -> None:
    desk, server = Node(fresh_engine()), Node(fresh_engine(), "centre", "ref", serving=True)
    _founded(desk)
    good = desk.outbox()
    bad = Placed(desk.device, 1, good[-1].n + 1, good[-1].n + 1, b"salt", junk)
    desk.run(lambda c: desk.replica.replace(c, [bad]))
    accepted = desk.push_to(server)
    assert accepted.acked == bad.n
    assert [h.why for h in accepted.held] == ["undecodable"]
    assert server.run(lambda c: c.execute(text("SELECT count(*) FROM log")).scalar_one()) == bad.n


def test_a_batch_sent_twice_changes_nothing_the_second_time(fresh_engine: Make) -> None:
    desk, server = Node(fresh_engine()), Node(fresh_engine(), "centre", "ref", serving=True)
    _founded(desk)
    first = desk.push_to(server)
    before = server.digests()
    second = desk.push_to(server)
    assert (second.acked, second.last_seq) == (first.acked, 0)
    assert server.digests() == before
    assert server.run(node.feed) == first.last_seq


def test_commit_numbers_have_no_gap(fresh_engine: Make) -> None:
    desk, server = Node(fresh_engine()), Node(fresh_engine(), "centre", "ref", serving=True)
    for number in range(1, 6):
        _founded(desk, number)
        desk.push_to(server)
    seqs = server.run(lambda c: [r.seq for r in c.execute(tables.log.select().order_by(tables.log.c.seq))])
    assert seqs == list(range(1, len(desk.outbox()) + 1))


def test_a_gap_and_a_fork_are_told_apart_and_change_nothing(fresh_engine: Make) -> None:
    desk, server = Node(fresh_engine()), Node(fresh_engine(), "centre", "ref", serving=True)
    _founded(desk, 1)
    _founded(desk, 2)
    placed = desk.outbox()
    later = [one for one in placed if one.group > placed[0].group]
    with pytest.raises(Gap) as gap:
        desk.push_to(server, later)
    assert gap.value.acked == 0
    desk.push_to(server, placed)
    twin = Node(fresh_engine(), desk.device, key=desk.key)
    _founded(twin, 7)
    with pytest.raises(Fork) as fork:
        twin.push_to(server)
    assert fork.value.n == 1
    _founded(twin, 8)
    whole = twin.outbox()
    with pytest.raises(Fork) as fork:
        twin.push_to(server, [one for one in whole if one.group == whole[-1].group])
    assert fork.value.n == 1
    assert server.run(node.feed) == len(placed)


def test_a_batch_not_signed_by_the_registered_key_is_no_batch_of_the_device(fresh_engine: Make) -> None:
    desk, server = Node(fresh_engine()), Node(fresh_engine(), "centre", "ref", serving=True)
    _founded(desk)
    placed = desk.outbox()
    forged = [*placed[:-1], Placed(desk.device, 1, placed[-1].n, placed[-1].group, b"salt", placed[-1].body)]
    signature = chain.sign_head(desk.key, desk.device, 1, placed[-1].n, chain.advance(chain.GENESIS, placed)[-1])
    with pytest.raises(BadSignature):
        server.run(lambda c: server.replica.accept(c, desk.peer(), forged, chain.GENESIS, signature))
    assert server.run(node.feed) == 0


def test_a_write_into_a_scope_never_granted_is_held_and_ships_to_nobody(fresh_engine: Make) -> None:
    owner, server = Node(fresh_engine(), "ag01"), Node(fresh_engine(), "centre", "ref", serving=True)
    stranger = Node(fresh_engine(), "dn01", "da_nang")
    _founded(owner)
    owner.push_to(server)
    stranger.run(lambda c: stranger.replica.receive(c, owner.outbox()))
    stranger.change("contact", "contact-1", summary="không được phép")
    accepted = stranger.push_to(server)
    assert [h.why for h in accepted.held] == ["ungranted_scope"]
    assert owner.pull_from(server) == server.run(node.feed)
    assert owner.stored("contact", "contact-1").record.summary == "Ghi chép số 1"
    assert [w.why for w in server.run(read.held)] == ["ungranted_scope"]


def test_what_waited_at_the_centre_reaches_those_who_had_read_past_it(fresh_engine: Make) -> None:
    server = Node(fresh_engine(), "centre", "ref", serving=True)
    writer, editor, reader = (Node(fresh_engine(), name) for name in ("ag01", "ag02", "ag03"))
    _founded(writer)
    editor.fold(writer.outbox())
    editor.change("call", "call-1", number="0900000009")
    assert [h.why for h in editor.push_to(server).held] == ["missing_target"]
    cursor = reader.pull_from(server)
    writer.push_to(server)
    cursor = reader.pull_from(server, cursor)
    assert cursor == server.run(node.feed)
    assert reader.stored("call", "call-1").record.number == "0900000009"
    assert reader.digests() == server.digests()
    assert server.run(read.held) == []


def test_a_dossier_belongs_to_whose_contact_founds_it_and_not_to_who_speaks_of_it_first(fresh_engine: Make) -> None:
    """A server that was put back hears of a dossier in any order: first a stranger's note, granted or not."""
    server = Node(fresh_engine(), "centre", "ref", serving=True)
    owner, stranger, guest = Node(fresh_engine(), "ag01"), *(Node(fresh_engine(), n, "hanoi") for n in ("hn1", "hn2"))
    scope = scopes.dossier("contact-1")
    _founded(owner)
    for one in (stranger, guest):
        act = one.act()
        act.create(scope, Note(id=f"note-{one.device}", contact_id="contact-1", text="lời của người ngoài"))
        one.write(act)
    act = server.act()
    act.create("device:hn2", Grant(id="g1", device="hn2", granted_scope=scope), action=GRANT)
    server.write(act)
    for one in (stranger, guest):
        assert [h.why for h in one.push_to(server).held] == ["ungranted_scope"]
    act = server.act()
    act.create("device:hn2", Grant(id="g2", device="hn2", granted_scope=scope), action=GRANT)
    server.write(act)
    assert len(server.run(read.held)) == 2, "a grant alone does not tell whose the dossier is"
    assert server.run(lambda c: scopes.homes(c, [scope])) == {}
    taken = owner.push_to(server)
    assert taken.held == ()
    assert scope in taken.founded
    assert server.run(lambda c: scopes.homes(c, [scope])) == {scope: "an_giang"}
    server.run(lambda c: server.replica.let_in(c, [("hn2", scope)], taken.folded))
    assert [one.device for one in server.run(read.held)] == ["hn1"]
    assert server.has("note", "note-hn2")
    server.digests()


def test_what_was_written_before_the_grant_is_applied_when_the_grant_comes(fresh_engine: Make) -> None:
    server = Node(fresh_engine(), "centre", "ref", serving=True)
    owner, stranger = Node(fresh_engine(), "ag01"), Node(fresh_engine(), "dn01", "da_nang")
    _founded(owner)
    owner.push_to(server)
    stranger.fold(owner.outbox())
    stranger.change("contact", "contact-1", summary="viết khi chưa được cấp")
    assert [h.why for h in stranger.push_to(server).held] == ["ungranted_scope"]
    cursor = owner.pull_from(server)
    act = server.act()
    act.create("device:dn01", Grant(id="g1", device="dn01", granted_scope="dossier:contact-1"), action=GRANT)
    server.write(act)
    assert server.run(read.held) == []
    owner.pull_from(server, cursor)
    assert owner.stored("contact", "contact-1").record.summary == "viết khi chưa được cấp"
    server.digests()


def test_a_desk_cannot_grant_itself_anything(fresh_engine: Make) -> None:
    server = Node(fresh_engine(), "centre", "ref", serving=True)
    owner, thief = Node(fresh_engine(), "ag01"), Node(fresh_engine(), "dn01", "da_nang")
    _founded(owner)
    owner.push_to(server)
    for scope in ("centre:da_nang", "device:dn01"):
        act = thief.act()
        grant = Grant(id=f"g-{scope}", device="dn01", granted_scope="dossier:contact-1")
        act.create(scope, grant, action=GRANT)
        act.create(scope, Grant(id=f"h-{scope}", device="dn01"), action=GRANT)
        thief.write(act)
    thief.push_to(server)
    assert server.run(partial(scopes.granted, device="dn01")) == frozenset()
    thief.pull_from(server)
    assert not thief.has("contact", "contact-1")


def test_desks_of_one_centre_end_with_the_digest_of_the_centre(fresh_engine: Make) -> None:
    one, two = Node(fresh_engine(), "ag01"), Node(fresh_engine(), "ag02")
    server = Node(fresh_engine(), "centre", "ref", serving=True)
    far = Node(fresh_engine(), "dn01", "da_nang")
    for number, desk in enumerate((one, two, far, one), start=1):
        _founded(desk, number)
        desk.push_to(server)
    for desk in (one, two, far):
        desk.pull_from(server)
        theirs = server.run(partial(sums.of_audiences, audiences=[desk.centre]))
        assert desk.run(lambda c: sums.of_audiences(c, [""])) == theirs
    assert one.digests() == two.digests()
    assert "dossier:contact-3" not in {scope for scope, _ in one.digests()}


def test_a_page_never_splits_a_group_and_pages_together_are_everything(fresh_engine: Make) -> None:
    desk, server = Node(fresh_engine(), "ag01"), Node(fresh_engine(), "centre", "ref", serving=True)
    for number in range(1, 8):
        _founded(desk, number)
    desk.push_to(server)
    got: list[Placed] = []
    cursor, more = 0, True
    while more:
        page = server.run(
            partial(feed.after, cursor=cursor, device="ag02", incarnation=1, audiences=["an_giang"], limit=4)
        )
        assert page.placed[-1].n == page.placed[-1].group
        got += page.placed
        cursor, more = page.next, page.more
    assert [one.n for one in got] == [one.n for one in desk.outbox()]


def test_an_act_larger_than_every_limit_still_travels_whole(fresh_engine: Make) -> None:
    desk, server = Node(fresh_engine(), "ag01"), Node(fresh_engine(), "centre", "ref", serving=True)
    other = Node(fresh_engine(), "ag02")
    _founded(desk, 1)
    act = desk.act()
    for number in range(2, 40):
        act.create(scopes.centre("an_giang"), call(number))
    desk.write(act)
    small = desk.run(partial(feed.own_after, device="ag01", incarnation=1, n=3, limit=2, max_bytes=10))
    assert len(small) == 38
    desk.push_to(server)
    assert other.pull_from(server, limit=2) == server.run(node.feed)
    assert other.digests() == desk.digests()


def test_one_altered_row_shows_in_the_recount(fresh_engine: Make) -> None:
    desk = Node(fresh_engine())
    _founded(desk)
    desk.run(lambda c: c.execute(text("UPDATE r_call SET outcome = 'prank'")))
    assert desk.run(sums.by_scope_and_kind) != desk.run(sums.recount)
