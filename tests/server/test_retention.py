"""Retention over real HTTP: proposed, agreed to by two, erased at every desk with proof; a legal hold keeps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.clock import DAY, HOUR, vn_midnight_ms
from domain.records.call import Call
from domain.records.case import Case
from domain.records.contact import Contact
from domain.records.note import Note
from domain.records.queue import Claim, Incoming, QueueItem
from domain.records.subject_request import SubjectRequest
from server.operations.retention import MayNotErase, NoSuchRun, agree, hold, lift, propose, receipts, resume
from server.operations.staff import write
from server.store.due import about_in
from sync.operation import Body, encode_body
from sync.replica import read as stored
from sync.replica import scopes
from tests.server.ground import PATIENCE_S, Desk, Running

MakeDesk = Callable[..., Desk]
WORDS = "Bé kể chuyện ở nhà"


def leads(centre: Running) -> None:
    for staff, role in (("v-1", "regional_lead"), ("v-2", "inspector"), ("tv", "counsellor")):
        write(centre.centre, staff, roles=(role,), centre="an_giang")


def old_files(desk: Desk, *names: str, case: bool = False) -> None:
    """Files received in 2010."""
    for name in names:
        act = desk.node.act()
        scope = scopes.dossier(name)
        act.create(scope, Contact(id=name, summary=WORDS, received_at=vn_midnight_ms(date(2010, 1, 1))))
        act.create(scope, Note(id=f"n-{name}", contact_id=name, text=WORDS))
        if case:
            act.create(scope, Case(id=f"case-{name}", contact_id=name))
        desk.node.write(act)
    desk.push()


def test_what_is_over_goes_everywhere_once_two_agreed_and_the_proof_is_counted(
    embedded: Running, desks: MakeDesk
) -> None:
    author, colleague = desks(embedded, "AG01"), desks(embedded, "AG02")
    leads(embedded)
    old_files(author, "old", "kept")
    old_files(author, "open", case=True)
    author.write_contact("young")
    author.push()
    colleague.pull()
    held = hold(embedded.centre, "kept", "12/CV-TA", "v-1")
    run = propose(embedded.centre, "an_giang")
    assert run is not None
    assert run.items == (["counselling", "dossier:old"],)
    assert propose(embedded.centre, "hanoi") is None
    for staff in ("tv", "nobody"):
        with pytest.raises(MayNotErase):
            agree(embedded.centre, run.id, staff)
    assert agree(embedded.centre, run.id, "v-1").erased is None
    with pytest.raises(MayNotErase):
        agree(embedded.centre, run.id, "v-1")
    colleague.pull()
    assert colleague.node.has("contact", "old"), "one person is not enough"
    done = agree(embedded.centre, run.id, "v-2")
    assert done.erased == 2
    with pytest.raises(NoSuchRun):
        agree(embedded.centre, run.id, "v-2")
    assert receipts(embedded.centre, done).proven == 0
    for desk in (author, colleague):
        desk.pull()
        held_here = [desk.node.has("contact", one) for one in ("old", "kept", "open", "young")]
        assert held_here == [False, True, True, True]
        assert not desk.node.has("note", "n-old")
        assert desk.road.receipt(desk.own_digest(), PATIENCE_S) is not None
    sure = receipts(embedded.centre, done)
    assert (sure.proven, sure.all) == (2, 2)
    lift(embedded.centre, held.id, "v-1")
    again = propose(embedded.centre, "an_giang")
    assert again is not None
    assert again.items == (["counselling", "dossier:kept"],)


def test_a_hold_set_after_the_proposal_keeps_the_file(embedded: Running, desks: MakeDesk) -> None:
    author = desks(embedded, "AG01")
    leads(embedded)
    old_files(author, "old")
    run = propose(embedded.centre, "an_giang")
    assert run is not None
    agree(embedded.centre, run.id, "v-1")
    hold(embedded.centre, "old", "9/CV", "v-2")
    assert agree(embedded.centre, run.id, "v-2").erased == 0
    author.pull()
    assert author.node.has("contact", "old")
    assert resume(embedded.centre) == 0


def test_an_old_call_loses_its_number_and_stays_a_figure(embedded: Running, desks: MakeDesk) -> None:
    author = desks(embedded, "AG01")
    leads(embedded)
    scope = scopes.centre("an_giang")
    now = embedded.clock.now_ms()
    long_ago = now - 91 * DAY
    for name, at, contact in (("c-old", long_ago, None), ("c-new", now - 89 * DAY, None), ("c-file", long_ago, "k")):
        act = author.node.act()
        act.create(scope, Call(id=name, centre="an_giang", number="0911222333", ring_at=at, end_at=at + 5_000,
                               outcome="silent", contact_id=contact, receiver="tv"))  # fmt: skip
        author.node.write(act)
    author.push()
    run = propose(embedded.centre, "an_giang")
    assert run is not None
    assert run.items == (["call", "c-old"],)
    agree(embedded.centre, run.id, "v-1")
    agree(embedded.centre, run.id, "v-2")
    author.pull()
    calls = {one.id: one.record for one in author.node.run(lambda c: stored.every(c, "call"))}
    assert {"c-new", "c-file"} < calls.keys()
    (bare,) = [one for name, one in calls.items() if name not in ("c-new", "c-file")]
    assert (bare.outcome, bare.number, bare.receiver, bare.ring_at % HOUR) == ("silent", None, None, 0)
    assert bare.end_at - bare.ring_at == 5_000
    assert author.own_digest() == author.digest
    assert propose(embedded.centre, "an_giang") is None


def test_a_request_goes_five_years_after_it_was_over_and_one_under_way_stays(
    embedded: Running, desks: MakeDesk
) -> None:
    author = desks(embedded, "AG01")
    leads(embedded)
    write(embedded.centre, "nv07", roles=("counsellor",), centre="an_giang", desks=("AG01",))
    old, young = vn_midnight_ms(date(2012, 1, 1)), embedded.clock.now_ms() - 4 * 365 * DAY
    told: dict[str, dict[str, object]] = {
        "done": {"answer": "granted", "answered_at": old, "done_at": old},
        "refused": {"answer": "refused", "answered_at": old},
        "owed": {"answer": "granted", "answered_at": old},
        "waits": {},
        "young": {"answer": "granted", "answered_at": old, "done_at": young},
    }
    act = author.node.act()
    for name, values in told.items():
        asked = SubjectRequest(id=name, wish="deletion", centre="an_giang", received_at=old, received_by="nv07",
                               asker="Trần Thị Mẹ", words=WORDS, **values)  # type: ignore[arg-type]  # a test's words
        act.create(scopes.REQUEST + name, asked)
    author.node.write(act)
    author.push()
    run = propose(embedded.centre, "an_giang")
    assert run is not None
    assert run.items == (["request", "request:done"], ["request", "request:refused"])
    assert propose(embedded.centre, "hanoi") is None
    agree(embedded.centre, run.id, "v-1")
    assert agree(embedded.centre, run.id, "v-2").erased == 2
    author.pull()
    left = {name for name in told if author.node.has("subject_request", name)}
    assert left == {"owed", "waits", "young"}
    assert author.own_digest() == author.digest
    assert propose(embedded.centre, "an_giang") is None


def test_a_request_under_a_legal_hold_stays_until_the_hold_is_lifted(embedded: Running, desks: MakeDesk) -> None:
    author = desks(embedded, "AG01")
    leads(embedded)
    old = vn_midnight_ms(date(2012, 1, 1))
    act = author.node.act()
    for name in ("held", "late", "free"):
        asked = SubjectRequest(id=name, wish="deletion", centre="an_giang", received_at=old, received_by="tv",
                               answer="granted", answered_at=old, done_at=old, words=WORDS)
        act.create(scopes.REQUEST + name, asked)
    author.node.write(act)
    author.push()
    kept = hold(embedded.centre, "held", "12/CV-TA", "v-1")
    run = propose(embedded.centre, "an_giang")
    assert run is not None
    assert run.items == (["request", "request:free"], ["request", "request:late"])
    after = hold(embedded.centre, "late", "13/CV-TA", "v-1")
    agree(embedded.centre, run.id, "v-1")
    assert agree(embedded.centre, run.id, "v-2").erased == 1
    there = {name for name in ("held", "late", "free") if is_here(embedded, "subject_request", name)}
    assert there == {"held", "late"}, "a hold that came after the proposal counts too"
    lift(embedded.centre, kept.id, "v-1")
    lift(embedded.centre, after.id, "v-1")
    again = propose(embedded.centre, "an_giang")
    assert again is not None
    agree(embedded.centre, again.id, "v-1")
    assert agree(embedded.centre, again.id, "v-2").erased == 2


def is_here(centre: Running, kind: str, record: str) -> bool:
    return centre.centre.read(lambda c: stored.one(c, kind, record)) is not None


def letter(desk: Desk, name: str, done_at: int | None, contact: str | None = None) -> None:
    """An item of the queue with its words and a claim, as a desk writes them."""
    act = desk.node.act()
    home = scopes.centre("an_giang")
    act.create(home, QueueItem(id=name, channel="letter", centre="an_giang", done_at=done_at, contact_id=contact))
    act.create(scopes.dossier(name), Incoming(id=name, sender="Bà Tư", body=WORDS))
    act.create(home, Claim(id=f"claim-{name}", item_id=name, staff="tv"))
    desk.node.write(act)
    desk.push()


def test_letters_that_became_no_file_go_with_their_words_and_claims(embedded: Running, desks: MakeDesk) -> None:
    author, colleague = desks(embedded, "AG01"), desks(embedded, "AG02")
    leads(embedded)
    now = embedded.clock.now_ms()
    letter(author, "old", now - 800 * DAY)
    letter(author, "young", now - 700 * DAY)
    letter(author, "waits", None)
    letter(author, "became", now - 800 * DAY, contact="k")
    colleague.pull()
    run = propose(embedded.centre, "an_giang")
    assert run is not None
    assert run.items == (["letter", "old"],)
    agree(embedded.centre, run.id, "v-1")
    assert agree(embedded.centre, run.id, "v-2").erased == 3
    for desk in (author, colleague):
        desk.pull()
        held = [desk.node.has("queue_item", one) for one in ("old", "young", "waits", "became")]
        assert held == [False, True, True, True]
        assert not desk.node.has("claim", "claim-old")
    assert not author.node.has("incoming", "old")
    assert author.node.has("incoming", "young")
    assert propose(embedded.centre, "an_giang") is None


def test_a_letter_that_became_a_file_after_the_proposal_stays(embedded: Running, desks: MakeDesk) -> None:
    author = desks(embedded, "AG01")
    leads(embedded)
    letter(author, "old", embedded.clock.now_ms() - 800 * DAY)
    run = propose(embedded.centre, "an_giang")
    assert run is not None
    agree(embedded.centre, run.id, "v-1")
    known = author.node.stored("queue_item", "old")
    act = author.node.act()
    act.change("queue_item", "old", known.scope, known.state, {"contact_id": "k"})
    author.node.write(act)
    author.push()
    assert agree(embedded.centre, run.id, "v-2").erased == 0
    assert author.node.has("incoming", "old")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inside: st.lists(inside) | st.dictionaries(st.text() | st.just("about"), inside),
)


def left(content: object) -> bytes:
    """The body of an operation by which a desk left a draft."""
    stamp = "0" * 29
    return encode_body(Body("left_draft", "d", "device:x", "", "", "staff", 1, stamp, {"content": content}))


@given(JSON.map(lambda one: msgspec.json.encode(one).decode()) | st.text() | JSON)
@example("[" * 100_000)
@example('{"about": 1}')
@example('{"about": "\\ud800"}')
def test_whatever_a_left_draft_says_that_it_is_about_is_a_name_or_nothing(content: object) -> None:
    assert isinstance(about_in(left(content)), str)


@given(st.binary())
def test_a_left_draft_of_any_bytes_is_about_nothing(body: bytes) -> None:
    assert about_in(body) == ""


def test_a_left_draft_says_which_file_it_was_about() -> None:
    assert about_in(left('{"about": "tep-1", "text": "nháp"}')) == "tep-1"
