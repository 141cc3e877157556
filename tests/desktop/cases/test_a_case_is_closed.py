"""A restricted case opens for whoever was given its key and for nobody else, whoever has the store's key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import msgspec
import pytest

from desktop.operations import case, intake, restricting
from desktop.operations.restricting import NoKeyOfTheirs, NoReason, NotYours
from desktop.store.case_keys import UNREAD, shares_of
from desktop.store.reads_conflicts import what_waits
from desktop.store.reads_history import history_of
from desktop.store.search_query import find
from domain.text import fold
from sync.operation import Placed
from sync.replica import read
from tests.desktop.cases.closed import CANARY, NAME, ClosedDesk, public_of
from tests.desktop.cases.scan import pages_with, tables_with
from tests.desktop.store.kit import AN_GIANG, STORE_KEY, digest, own

ME, COLLEAGUE, LEAD = "nv07", "nv08", "truong-ca"
AT_AG04 = replace(AN_GIANG, device="may-cu-o-ag04", seat_code="AG04")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[ClosedDesk]:
    made = ClosedDesk(tmp_path / "desk", ME, COLLEAGUE)
    yield made
    made.close()


def contact_of(desk: ClosedDesk, case_id: str) -> str:
    found = desk.bench.read(lambda c: read.one(c, "case", case_id))
    assert found is not None
    return str(found.record.contact_id)


def replace_seq(one: Placed, seq: int) -> Placed:
    return msgspec.structs.replace(one, seq=seq)


def test_who_restricted_it_reads_every_word_and_a_colleague_with_the_stores_key_reads_none(desk: ClosedDesk) -> None:
    case_id = desk.restricted()
    mine = desk.words(case_id)
    assert all(one in mine for one in (CANARY, NAME, "907123123", "Sau khi khóa", "Người nhà của nạn nhân"))
    theirs = desk.sit(COLLEAGUE).words(case_id)
    assert not any(one in theirs for one in (NAME, "Sóc Lu", "907123123"))
    assert theirs.split("\n")[0] == UNREAD
    assert desk.sit(ME).words(case_id) == mine, "after signing in again"


def test_no_row_index_or_page_of_the_opened_store_holds_a_word_of_it(desk: ClosedDesk, tmp_path: Path) -> None:
    case_id = desk.report()
    store = desk.bench.home.db
    old = (CANARY, NAME, "907123123", fold(NAME))
    found = tables_with(store, STORE_KEY, *old)
    assert {"log", "r_person", "r_phone", "r_contact"} <= found, "the scan finds what is open"
    assert pages_with(store, STORE_KEY, NAME) > 1
    contact = contact_of(desk, case_id)
    desk.bench.run(restricting.restrict(case_id, "Người nhà làm việc tại cơ quan"))
    desk.note(case_id, "Chim cu gáy ở bến phà")
    desk.bench.run(intake.set_fields(case_id, {"child_whereabouts": "nhà bà ngoại Chim cu gáy"}))
    desk.bench.run(case.add_referral(case_id, "commune_peoples_committee", "Chim cu gáy"))
    # What was written in words before lies in this desk's own log until the centre has it; rows and index are clean.
    assert tables_with(store, STORE_KEY, *old) == {"log"}
    new = ("Chim cu gáy", "chim cu gay", "bến phà", "bến ph")
    assert tables_with(store, STORE_KEY, *new) == set()
    assert pages_with(store, STORE_KEY, *new) == 0
    for words in (NAME, "thach kim loan", "123123", "tên: loan", "từ: cán bộ"):
        assert desk.bench.read(partial(find, query=words)) == []
    stored = desk.bench.read(lambda c: read.one(c, "contact", contact))
    assert stored is not None
    code = stored.record.code
    assert [hit.title for hit in desk.bench.read(partial(find, query=code))] == [code]


def test_a_reason_is_needed_and_a_case_that_is_here(desk: ClosedDesk) -> None:
    case_id = desk.report()
    with pytest.raises(NoReason):
        desk.bench.run(restricting.restrict(case_id, "  vì cần "))
    assert desk.bench.read(lambda c: shares_of(c, contact_of(desk, case_id))) == []


def test_an_edit_replaces_what_was_read_and_history_tells_it_in_words(desk: ClosedDesk) -> None:
    case_id = desk.restricted()
    desk.bench.clock.now += 1_000
    desk.bench.run(intake.set_fields(case_id, {"child_name": "Thạch Thị Kim Lan"}))
    assert "Thạch Thị Kim Lan" in desk.words(case_id)
    assert NAME not in desk.words(case_id)
    assert desk.bench.read(what_waits).conflicts == ()
    contact = contact_of(desk, case_id)
    steps = desk.bench.read(lambda c: history_of(c, contact)) or ()
    named = [(step.before, step.after) for step in steps if step.field == "full_name"]
    assert named == [(NAME, "Thạch Thị Kim Lan"), (None, NAME)]
    before = digest(desk.bench)
    desk.bench.run(intake.set_fields(case_id, {"child_name": "Thạch Thị Kim Lan"}))
    assert digest(desk.bench) == before, "the same words again are no change"


def test_what_a_server_remembers_of_before_it_was_restricted_stays_closed_to_whoever_has_no_key(
    desk: ClosedDesk,
) -> None:
    case_id = desk.report()
    contact = contact_of(desk, case_id)
    desk.bench.run(intake.set_fields(case_id, {"child_name": "Thạch Thị Kim Lan"}))
    before = own(desk.bench)
    desk.bench.run(restricting.restrict(case_id, "Người nhà làm việc tại cơ quan"))
    told = [replace_seq(one, seq) for seq, one in enumerate(own(desk.bench), 1)]
    assert any(NAME.encode() in one.body for one in before), "a server's log has it in words"

    def values() -> str:
        return str([(one.before, one.after) for one in desk.bench.read(lambda c: history_of(c, contact, told)) or ()])

    assert NAME in values()
    assert CANARY in values()
    desk.sit(COLLEAGUE)
    assert not any(one in values() for one in (NAME, "Kim Lan", "Sóc Lu", "907123123"))
    assert UNREAD in values()
    assert "high" in values(), "what is not sealed is told"


def test_that_something_sealed_was_changed_is_told_to_whoever_cannot_read_it(desk: ClosedDesk) -> None:
    case_id = desk.restricted()
    contact = contact_of(desk, case_id)
    desk.bench.clock.now += 1_000
    desk.bench.run(intake.set_fields(case_id, {"child_name": "Thạch Thị Kim Lan"}))
    changed = desk.bench.clock.now
    desk.sit(COLLEAGUE)
    steps = desk.bench.read(lambda c: history_of(c, contact)) or ()
    assert [one.after for one in steps if one.field == "full_name" and one.at_ms == changed] == [UNREAD]


def test_what_one_cannot_read_one_cannot_replace_and_nothing_is_lost(desk: ClosedDesk) -> None:
    case_id = desk.restricted()
    desk.sit(COLLEAGUE)
    desk.bench.clock.now += 1_000
    desk.bench.run(intake.set_fields(case_id, {"child_name": "Tên do người khác ghi"}))
    desk.sit(ME)
    waits = desk.bench.read(what_waits).conflicts
    assert [one.field for one in waits] == ["full_name"]
    assert NAME in [version.value for version in waits[0].versions]


def test_a_colleague_let_in_by_name_reads_all_and_once_put_out_nothing_that_is_new(desk: ClosedDesk) -> None:
    case_id = desk.restricted()
    desk.bench.run(restricting.let_in(case_id, COLLEAGUE))
    whole = desk.words(case_id)
    assert desk.sit(COLLEAGUE).words(case_id) == whole
    assert desk.view(case_id) is not None, "they work on it now"
    desk.sit(ME).bench.run(restricting.put_out(case_id, COLLEAGUE))
    desk.note(case_id, "Chuyến xe sáng thứ ba")
    theirs = desk.sit(COLLEAGUE).words(case_id)
    assert "Chuyến xe" not in theirs
    desk.bench.run(case.add_note("Ghi của người đã ra", case_id))
    assert "Ghi của người đã ra" not in dumped_text(desk), "who holds no key writes under a new one"
    mine = desk.sit(ME).words(case_id)
    assert "Chuyến xe sáng thứ ba" in mine
    assert "Ghi của người đã ra" in mine


def test_whoever_is_put_out_holds_no_new_key_though_the_clock_stands_or_was_set_back(desk: ClosedDesk) -> None:
    case_id = desk.restricted()
    for turn in range(8):
        desk.bench.run(restricting.let_in(case_id, COLLEAGUE))
        desk.bench.clock.now -= 86_400_000 * (turn % 2)
        desk.bench.run(restricting.put_out(case_id, COLLEAGUE))
        contact = contact_of(desk, case_id)
        shares = desk.bench.read(partial(shares_of, contact=contact))
        newest = max(one.number for one in shares)
        assert {one.staff for one in shares if one.number == newest} == {ME}
    desk.bench.run(case.add_note("Chuyến xe sáng thứ ba", case_id))
    assert "Chuyến xe" not in desk.sit(COLLEAGUE).words(case_id)


def test_only_a_known_key_is_sealed_to_and_only_by_who_holds_the_key(desk: ClosedDesk) -> None:
    case_id = desk.restricted()
    with pytest.raises(NoKeyOfTheirs):
        desk.bench.run(restricting.let_in(case_id, "nobody-here"))
    desk.sit(COLLEAGUE)
    with pytest.raises(NotYours):
        desk.bench.run(restricting.let_in(case_id, COLLEAGUE))
    with pytest.raises(NotYours):
        desk.bench.run(restricting.put_out(case_id, ME))


def test_a_key_made_anew_at_this_desk_opens_nothing_until_somebody_hands_it_on_by_name(desk: ClosedDesk) -> None:
    """Whoever can make a one-time code could have made that key."""
    case_id = desk.restricted()
    desk.people[ME] = public_of("forged")
    desk.people["nv09"] = public_of("nv09", "AG03")
    desk.note(case_id, "Đường về qua cầu ván")
    assert handed_on(desk) == 0
    publics = {one.opens_with for one in desk.bench.read(lambda c: shares_of(c, contact_of(desk, case_id)))}
    assert publics == {public_of(ME, "AG03").hex()}


def test_a_lead_of_the_centres_list_gets_the_key_without_being_named(desk: ClosedDesk) -> None:
    case_id = desk.restricted()
    desk.hire(LEAD, {"AG03": LEAD}, roles=("shift_lead",), centre="an_giang", desks=("AG03",))
    desk.hire("cham", {"AG03": "cham"}, roles=("analyst",), centre="an_giang", desks=("AG03",))
    assert handed_on(desk) == 1
    assert handed_on(desk) == 0
    whole = desk.words(case_id)
    assert desk.sit(LEAD).words(case_id) == whole
    assert UNREAD in desk.sit("cham").words(case_id)
    desk.sit(ME).hire(LEAD, ended_at=desk.bench.clock.now)
    desk.note(case_id, "Sau khi người ấy thôi việc")
    assert "Sau khi người ấy thôi việc" not in desk.sit(LEAD).words(case_id)


def test_after_a_key_was_lost_the_next_words_lie_under_a_new_one_and_nobody_seals_to_it_again(
    tmp_path: Path, desk: ClosedDesk
) -> None:
    """A desk out of service may be in strange hands: its person reads on elsewhere, whoever has it does not."""
    case_id = desk.restricted()
    desk.hire(LEAD, {"AG03": LEAD, "AG04": LEAD}, roles=("shift_lead",), centre="an_giang", desks=("AG03", "AG04"))
    assert handed_on(desk) == 1
    gone = ClosedDesk(tmp_path / "gone", LEAD, seat=AT_AG04)
    desk.send_to(gone)
    assert CANARY in gone.words(case_id)
    desk.hire(LEAD, {"AG03": LEAD}, lost_keys=(public_of(LEAD, "AG04").hex(),))
    desk.note(case_id, "Nơi ở mới: nhà tạm lánh số hai")
    assert handed_on(desk) == 0
    desk.send_to(gone)
    assert "nhà tạm lánh" not in gone.words(case_id)
    assert "nhà tạm lánh" in desk.sit(LEAD).words(case_id)
    gone.close()


def test_it_travels_as_it_was_written_and_two_desks_agree(tmp_path: Path, desk: ClosedDesk) -> None:
    other = ClosedDesk(tmp_path / "other", "nv21", ME)
    other.people[ME] = public_of(ME, "AG03")
    case_id = desk.restricted()
    desk.send_to(other)
    assert digest(other.bench) == digest(desk.bench)
    assert UNREAD in other.words(case_id)
    other.sit(ME)
    assert other.words(case_id) == desk.words(case_id)
    assert {one.body for one in own(desk.bench)} >= {one.body for one in own(other.bench)}
    other.close()


def handed_on(desk: ClosedDesk) -> int:
    """What the desk does at a sign-in: see which files lack a holder, and hand their keys on."""
    return desk.bench.run(restricting.hand_on(desk.lacking()))


def dumped_text(desk: ClosedDesk) -> str:
    """Every body of the log."""
    return "\n".join(one.body.decode("utf-8", "replace") for one in own(desk.bench))
