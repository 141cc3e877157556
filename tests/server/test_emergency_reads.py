"""Emergency reading over real HTTP: one file of another centre for an hour, for a reason that the file's own see."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import requests

from domain.clock import DAY
from domain.records.case import Case
from domain.records.contact import Contact
from domain.records.road import WipeReceipt
from domain.records.staff import Staff, record_of
from domain.rules.emergency import READ_MS
from server.cli import main
from server.operations.emergency import MayNotReview, end_over, reviewed, reviews
from server.operations.staff import write
from server.store import granted
from sync import door, wire
from sync.operation import APPEND, CREATE
from sync.replica import read, scopes, sums
from sync.troubles import HereAlready, NotGiven
from tests.server.ground import PATIENCE_S, Desk, Running, signed

MakeDesk = Callable[..., Desk]
CODE = "AG03-261123-0422"
WORDS = "Mẹ cháu đang ở đầu dây, nói cháu bị nhốt trong nhà"


def hired(centre: Running, staff: str, role: str, at: str, conflicts: tuple[str, ...] = ()) -> None:
    """A staff record, written by the centre."""
    one = Staff(id=record_of(staff), staff=staff, roles=(role,), centre=at, conflicts=conflicts)
    centre.centre.lane.do(lambda c: centre.centre.author(c, scopes.REFERENCE, [one], CREATE))


def founded(desk: Desk, name: str = "k1", code: str = CODE) -> str:
    """A dossier with a case, at the centre."""
    scope = scopes.dossier(name)
    act = desk.node.act()
    act.create(scope, Contact(id=name, code=code, summary="Trẻ kể", received_at=desk.node.wall))
    case = Case(id=f"case-{name}", contact_id=name, urgency="high", centre=desk.enrolled.centre)
    act.create(scope, case)
    desk.node.write(act)
    desk.push()
    return scope


def asks(desk: Desk, staff: str = "hn-1", code: str = CODE, why: str = "on_the_line") -> door.EmergencyGiven:
    return desk.road.emergency(code, staff, why, WORDS, PATIENCE_S)


def figures_agree(centre: Running, *desks: Desk) -> bool:
    """Every desk's own figure is the centre's, and the centre's running ones are what its rows say."""
    kept = [centre.centre.read(lambda c, d=d: granted.running(c, d.enrolled.device)) for d in desks]  # type: ignore[misc]  # binds the loop's value
    anew = [centre.centre.read(lambda c, d=d: granted.recount(c, d.enrolled.device)) for d in desks]  # type: ignore[misc]  # binds the loop's value
    running, counted = centre.centre.read(lambda c: (sums.by_scope_and_kind(c), sums.recount(c)))
    return running == counted and kept == anew and all(d.own_digest() == d.digest for d in desks)


def test_a_file_of_another_centre_comes_for_an_hour_and_its_own_desks_see_who_read_it_and_why(
    centre: Running, desks: MakeDesk
) -> None:
    ag, hn = desks(centre, "AG01"), desks(centre, "HN01")
    scope = founded(ag)
    hn.pull()
    assert not hn.node.has("contact", "k1")
    given = asks(hn, code=f" {CODE.lower()} ")
    assert (given.scope, given.contact, given.until - given.time) == (scope, "k1", READ_MS)
    hn.pull()
    ag.pull()
    assert hn.node.stored("contact", "k1").record.summary == "Trẻ kể"
    for desk in (ag, hn):
        (seen,) = desk.node.run(lambda c: read.where(c, "emergency_read", "staff", "hn-1"))
        assert (seen.scope, seen.record.why, seen.record.words) == (scope, "on_the_line", WORDS)
        assert (seen.record.device, seen.record.until) == (hn.enrolled.device, given.until)
    assert figures_agree(centre, ag, hn)
    centre.clock.pass_ms(READ_MS - 1)
    assert not end_over(centre.centre)
    assert hn.road.scope(scope, 10_000, 0, PATIENCE_S)[1], "who wrote what is part of what was opened"
    centre.clock.pass_ms(1)
    assert end_over(centre.centre).audiences == {scopes.device_scope(hn.enrolled.device)}
    hn.pull()
    assert hn.road.scope(scope, 10_000, 0, PATIENCE_S)[1] == []
    hn.node.run(lambda c: hn.node.replica.wipe(c, scope))
    assert figures_agree(centre, ag, hn)
    assert len(centre.centre.read(reviews)) == 1, "the hour is over, the review is not"


def test_a_desk_that_wiped_its_copy_before_the_hour_was_over_keeps_no_grant(centre: Running, desks: MakeDesk) -> None:
    ag, hn = desks(centre, "AG01"), desks(centre, "HN01")
    scope = founded(ag)
    asks(hn)
    hn.pull()
    (grant,) = hn.node.run(lambda c: read.where(c, "grant", "granted_scope", scope))
    _, held = hn.node.run(lambda c: hn.node.replica.wipe(c, scope))
    act = hn.node.act()
    receipt = WipeReceipt(id=grant.id, device=hn.enrolled.device, wiped_scope=scope, digest=held.text(), wiped_at=1)
    act.create(scopes.centre("hanoi"), receipt, action=APPEND)
    hn.node.write(act)
    hn.push()
    hn.pull()
    assert hn.node.stored("grant", grant.id).record.withdrawn_at is not None
    assert figures_agree(centre, hn)
    centre.clock.pass_ms(READ_MS)
    assert not end_over(centre.centre)


def test_asking_again_gives_another_hour_and_the_first_end_takes_nothing(centre: Running, desks: MakeDesk) -> None:
    ag, hn = desks(centre, "AG01"), desks(centre, "HN01")
    scope = founded(ag)
    asks(hn)
    centre.clock.pass_ms(READ_MS // 2)
    asks(hn)
    centre.clock.pass_ms(READ_MS // 2)
    assert end_over(centre.centre)
    assert centre.centre.read(lambda c: granted.granted_among(c, hn.enrolled.device, [scope])) == {scope}
    hn.pull()
    assert figures_agree(centre, hn)
    centre.clock.pass_ms(READ_MS // 2)
    assert end_over(centre.centre)
    assert not centre.centre.read(lambda c: granted.granted_among(c, hn.enrolled.device, [scope]))
    assert len(centre.centre.read(reviews)) == 2


def test_what_the_table_of_roles_denies_is_answered_like_a_code_that_is_none(
    embedded: Running, desks: MakeDesk
) -> None:
    ag, hn = desks(embedded, "AG01"), desks(embedded, "HN01")
    founded(ag)
    hired(embedded, "it-1", "it_admin", "hanoi")
    hired(embedded, "kin-1", "counsellor", "hanoi", conflicts=("k1",))
    hired(embedded, "hn-2", "counsellor", "hanoi")
    for staff, code in (("it-1", CODE), ("kin-1", CODE), ("hn-2", "AG03-261123-9999"), ("hn-2", " ")):
        with pytest.raises(NotGiven) as refused:
            asks(hn, staff, code)
        assert not isinstance(refused.value, HereAlready)
    with pytest.raises(HereAlready):
        asks(ag, "ag-1")
    assert embedded.centre.read(reviews) == []
    assert asks(hn, "hn-2").contact == "k1"


def test_a_desk_enrolled_after_a_file_was_founded_holds_no_more_of_it_than_one_that_stood_before(
    centre: Running, desks: MakeDesk
) -> None:
    write(centre.centre, "ag-1", roles=("counsellor",), centre="an_giang", desks=("AG01",))
    ag, before = desks(centre, "AG01"), desks(centre, "HN01")
    founded(ag)
    after = desks(centre, "HN02")
    for desk in (before, after):
        desk.pull()
        assert not desk.node.has("contact", "k1"), "nobody of this centre may see it"
        assert asks(desk).contact == "k1", "so it is no file that is here already"
        desk.pull()
        assert desk.node.has("contact", "k1")
    assert figures_agree(centre, before, after)


@pytest.mark.parametrize(
    ("why", "words"), [("on_the_line", "ngắn " * 3), ("on_the_line", "a" + " " * 60), ("curious", WORDS), ("", WORDS)]
)
def test_a_reason_that_is_none_gives_nothing(embedded: Running, desks: MakeDesk, why: str, words: str) -> None:
    ag, hn = desks(embedded, "AG01"), desks(embedded, "HN01")
    founded(ag)
    body = msgspec.json.encode({"code": CODE, "staff": "hn-1", "why": why, "words": words})
    headers = signed(hn.road, "POST", door.EMERGENCY, body) | {"content-type": "application/json"}
    answer = requests.post(embedded.url + door.EMERGENCY, data=body, headers=headers, timeout=PATIENCE_S)
    assert (answer.status_code, wire.decode_problem(answer.content).code) == (400, "bad_message")
    assert embedded.centre.read(reviews) == []


def test_only_those_who_review_emergency_reads_close_one_and_never_their_own(
    embedded: Running, desks: MakeDesk
) -> None:
    ag, hn = desks(embedded, "AG01"), desks(embedded, "HN01")
    founded(ag)
    hired(embedded, "lead-hn", "regional_lead", "hanoi")
    hired(embedded, "lead-ag", "regional_lead", "an_giang")
    hired(embedded, "dpo", "inspector", "hanoi")
    hired(embedded, "ag-9", "counsellor", "an_giang")
    asks(hn, "lead-hn")
    (one,) = embedded.centre.read(reviews)
    for staff in ("lead-hn", "ag-9", "nobody"):
        with pytest.raises(MayNotReview):
            reviewed(embedded.centre, one.id, staff)
    reviewed(embedded.centre, one.id, "dpo")
    assert embedded.centre.read(reviews) == []
    ag.pull()
    assert ag.node.stored("emergency_read", one.id).record.seen_by == "dpo"
    assert ag.own_digest() == ag.digest


def test_a_read_that_nobody_looked_at_for_seven_days_is_said_to_be_overdue(
    embedded: Running, desks: MakeDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    ag, hn = desks(embedded, "AG01"), desks(embedded, "HN01")
    founded(ag)
    hired(embedded, "dpo", "inspector", "hanoi")
    asks(hn)
    monkeypatch.setattr("server.emergency_command.WallClock", lambda: embedded.clock)
    (one,) = embedded.centre.read(reviews)
    listing = ["reviews", "--data", str(tmp_path / "data")]
    embedded.clock.at = (one.record.asked_at or 0) + 7 * DAY
    assert main(listing) == 0
    assert '"overdue": false' in capsys.readouterr().out
    embedded.clock.at += 1
    assert main(listing) == 1
    said = capsys.readouterr()
    assert '"overdue": true' in said.out
    assert "quá 7 ngày" in said.err
    assert WORDS not in said.out + said.err, "the reason's words stay where they are"
    reviewed(embedded.centre, one.id, "dpo")
    assert main(listing) == 0


def test_no_desk_writes_such_a_record_itself(embedded: Running, desks: MakeDesk) -> None:
    ag, hn = desks(embedded, "AG01"), desks(embedded, "HN01")
    founded(ag)
    asks(hn)
    ag.pull()
    (one,) = ag.node.run(lambda c: read.where(c, "emergency_read", "staff", "hn-1"))
    ag.node.change("emergency_read", one.id, seen_by="ag-1", seen_at=1)
    assert [held.why for held in ag.push().held], "the answer says that it is held"
    assert len(embedded.centre.read(reviews)) == 1
