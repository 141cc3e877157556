"""A case passed on to another centre over real HTTP: the other desks get it whole, its own give it up."""

from __future__ import annotations

from sqlalchemy import select

from domain.records.case import Case
from server.operations.erasure import erase
from server.store import granted
from sync.replica import read, scopes, sums, tables
from tests.server.ground import Desk, Running, enrol_desk


def opened(desk: Desk, name: str = "k1") -> str:
    """A dossier with a case of this desk's centre, at the centre."""
    scope = desk.write_contact(name)
    act = desk.node.act()
    act.create(scope, Case(id=f"case-{name}", contact_id=name, urgency="high", centre=desk.enrolled.centre))
    desk.node.write(act)
    desk.push()
    return scope


def pass_on(desk: Desk, to: str) -> None:
    desk.node.change("case", "case-k1", {"centre": 1}, centre=to)
    desk.push()


def standing(desk: Desk, scope: str) -> list[bool]:
    """Of each grant record of the scope that this desk holds: whether it stands."""
    found = desk.node.run(lambda c: read.where(c, "grant", "granted_scope", scope))
    return [one.record.withdrawn_at is None for one in found]


def proven(centre: Running, desk: Desk) -> bool:
    """The centre's figure for the desk is what its running digests say, counted anew."""
    one = desk.enrolled.device
    kept = centre.centre.read(lambda c: granted.running(c, one))
    return kept == centre.centre.read(lambda c: granted.recount(c, one))


def test_a_case_passed_on_to_a_centre_that_has_no_desk_yet_goes_there_with_its_first_one(centre: Running) -> None:
    ag, hn = (enrol_desk(centre, seat) for seat in ("AG01", "HN01"))
    scope = opened(ag)
    opened(ag, "k2")
    pass_on(ag, "da_nang")
    assert standing(ag, scope) == [], "nobody there could hold it: it stays"
    dn, dn2 = enrol_desk(centre, "DN01"), enrol_desk(centre, "DN02")
    for desk in (ag, dn, dn2, hn):
        desk.pull()
    assert [one.node.has("case", "case-k1") for one in (dn, dn2, hn)] == [True, True, False]
    assert not dn.node.has("case", "case-k2")
    assert standing(ag, scope) == [False]
    assert [one.own_digest() for one in (dn, dn2)] == [one.digest for one in (dn, dn2)]
    assert all(proven(centre, one) for one in (ag, dn, dn2, hn))
    for desk in (ag, dn, dn2, hn):
        desk.close()


def test_a_case_passed_on_goes_to_the_desks_of_the_other_centre_and_leaves_its_own(centre: Running) -> None:
    ag, ag2, dn, hn = (enrol_desk(centre, seat) for seat in ("AG01", "AG02", "DN01", "HN01"))
    scope = opened(ag)
    for desk in (ag2, dn, hn):
        desk.pull()
    assert ag2.node.has("case", "case-k1")
    assert not dn.node.has("case", "case-k1")
    pass_on(ag, "da_nang")
    for desk in (ag, ag2, dn, hn):
        desk.pull()
    assert dn.node.stored("case", "case-k1").record.centre == "da_nang"
    assert dn.own_digest() == dn.digest
    assert standing(ag, scope) == [False]
    assert standing(ag2, scope) == [False]
    assert not hn.node.has("case", "case-k1")
    late = ag2.road.scope(scope, 10_000, 0, 10)
    assert late[1] == []
    running, counted = centre.centre.read(lambda c: (sums.by_scope_and_kind(c), sums.recount(c)))
    assert running == counted
    for desk in (ag, ag2, dn, hn):
        desk.close()


def test_a_desk_that_holds_every_case_keeps_one_that_is_passed_on(centre: Running) -> None:
    ag, every = enrol_desk(centre, "AG01"), enrol_desk(centre, "AG09", all_cases=True)
    national = enrol_desk(centre, "HN01", all_cases=True)
    enrol_desk(centre, "DN01").close()
    opened(ag)
    for desk in (every, national):
        desk.pull()
    pass_on(ag, "da_nang")
    for desk in (every, national):
        desk.pull()
        assert desk.node.stored("case", "case-k1").record.centre == "da_nang"
        assert desk.own_digest() == desk.digest
        assert proven(centre, desk)
        desk.close()
    ag.close()


def test_words_written_without_a_line_after_the_withdrawal_are_kept_and_shown_to_the_new_owner(
    centre: Running,
) -> None:
    ag, ag2, dn = (enrol_desk(centre, seat) for seat in ("AG01", "AG02", "DN01"))
    national = enrol_desk(centre, "HN01", all_cases=True)
    opened(ag)
    ag2.pull()
    pass_on(ag, "da_nang")
    dn.pull()
    dn.node.change("contact", "k1", summary="Đà Nẵng đã gọi lại")
    dn.push()
    ag2.node.change("contact", "k1", summary="An Giang viết khi mất đường")
    answer = ag2.push()
    assert answer.held == []
    dn.pull()
    shown = dn.node.stored("contact", "k1")
    assert {shown.record.summary, *shown.siblings()["summary"]} == {
        "Đà Nẵng đã gọi lại",
        "An Giang viết khi mất đường",
    }
    reviews = dn.node.run(lambda c: c.execute(select(tables.records["review"])).mappings().all())
    assert [(r["about"], r["reason"], r["device"]) for r in reviews] == [
        ("k1", "after_withdrawal", ag2.enrolled.device)
    ]
    assert dn.own_digest() == dn.digest
    assert proven(centre, national), "the review counts for whoever holds the dossier by a grant"
    for desk in (ag, ag2, dn, national):
        desk.close()


def test_a_late_word_does_not_pass_the_case_back(centre: Running) -> None:
    ag, ag2, dn = (enrol_desk(centre, seat) for seat in ("AG01", "AG02", "DN01"))
    scope = opened(ag)
    ag2.pull()
    pass_on(ag, "da_nang")
    ag2.node.wall += 1_000_000
    ag2.node.change("case", "case-k1", {"centre": 1}, centre="hanoi")
    ag2.push()
    assert centre.centre.read(lambda c: scopes.homes(c, [scope]))[scope] == "da_nang"
    for desk in (ag, ag2, dn):
        desk.close()


def test_a_case_that_comes_back_is_whole_again(centre: Running) -> None:
    ag, dn = enrol_desk(centre, "AG01"), enrol_desk(centre, "DN01")
    scope = opened(ag)
    pass_on(ag, "da_nang")
    ag.pull()
    dn.pull()
    dn.node.change("case", "case-k1", {"centre": 1}, centre="an_giang")
    dn.push()
    ag.pull()
    dn.pull()
    assert centre.centre.read(lambda c: scopes.homes(c, [scope]))[scope] == "an_giang"
    assert any(standing(ag, scope))
    assert standing(dn, scope) == [False]
    assert ag.own_digest() == ag.digest
    for desk in (ag, dn):
        desk.close()


def test_erasing_reaches_every_desk_and_leaves_no_word_in_any_log(centre: Running) -> None:
    ag, ag2 = enrol_desk(centre, "AG01"), enrol_desk(centre, "AG02")
    opened(ag)
    ag2.pull()
    news = erase(centre.centre, "contact", "k1", "yêu cầu xóa dữ liệu số 7")
    assert news.audiences == {"an_giang"}
    for desk in (ag, ag2):
        desk.pull()
        assert not desk.node.has("contact", "k1")
        assert desk.own_digest() == desk.digest
    for read_of in (centre.centre.read, ag.node.run):
        bodies = read_of(lambda c: [bytes(r.body or b"") for r in c.execute(select(tables.log.c.body))])
        assert not any("lắng nghe".encode() in body for body in bodies)
    for desk in (ag, ag2):
        desk.close()
