"""A dossier is its contact's centre's, whoever speaks of it first to a centre that was put back."""

from __future__ import annotations

import pytest

from domain.records.kinds import KINDS
from domain.records.note import Note
from domain.records.queue import AppReport, Incoming, QueueItem
from server.operations import grants
from server.store import accounts
from server.store.audit import audit
from server.store.engine import Connection
from sync.replica import read, scopes
from tests.server.ground import Desk, Running, enrol_desk
from tests.server.test_passing_on import proven


def noted(desk: Desk, name: str) -> None:
    """A note of this desk in the dossier, at the centre or waiting there."""
    act = desk.node.act()
    note = Note(id=f"note-{desk.enrolled.seat}", contact_id=name, text="lời thêm")
    act.create(scopes.dossier(name), note)
    desk.node.write(act)
    desk.push()


def test_words_that_come_before_the_contact_wait_for_it_and_are_let_in_with_it(centre: Running) -> None:
    ag, ag2, hn = (enrol_desk(centre, seat) for seat in ("AG01", "AG02", "HN01"))
    for desk in (ag2, hn):
        noted(desk, "k1")
    assert [one.why for one in centre.centre.read(read.held)] == ["ungranted_scope"] * 2
    scope = ag.write_contact("k1")
    assert ag.push().held == [], "its own author founds it"
    assert centre.centre.read(lambda c: scopes.homes(c, [scope])) == {scope: "an_giang"}
    assert [one.device for one in centre.centre.read(read.held)] == [hn.enrolled.device], "nobody gave it to Hà Nội"
    for desk in (ag, ag2, hn):
        desk.pull()
    assert ag.node.has("note", "note-AG02")
    assert ag.own_digest() == ag.digest
    assert ag2.own_digest() == ag2.digest
    assert not hn.node.has("contact", "k1")
    assert centre.centre.read(audit).differences == []


def test_who_was_granted_the_dossier_counts_what_a_later_grant_lets_in(centre: Running) -> None:
    ag, hn, dn = (enrol_desk(centre, seat) for seat in ("AG01", "HN01", "DN01"))
    scope = ag.write_contact("k1")
    ag.push()
    give(centre, hn, scope)
    noted(dn, "k1")
    give(centre, dn, scope)
    for desk in (hn, dn):
        assert proven(centre, desk)
        desk.pull()
    assert hn.node.has("note", "note-DN01")
    assert hn.own_digest() == hn.digest


def give(centre: Running, desk: Desk, scope: str) -> None:
    """The centre grants one dossier to one desk."""

    def job(connection: Connection) -> None:
        found = accounts.find_device(connection, desk.enrolled.device)
        assert found is not None
        grants.give(centre.centre, connection, found, [scope])

    centre.centre.lane.do(job)


@pytest.mark.parametrize("words", [Incoming(id="q1", body="Cháu kể lại"), AppReport(id="q1", body="Cháu kể lại")])
def test_a_letter_or_a_report_of_the_app_founds_the_place_its_words_lie_in(
    centre: Running, words: Incoming | AppReport
) -> None:
    """Nobody has made a file of it yet: a colleague who takes it from the queue has to read it."""
    ag, ag2, hn = (enrol_desk(centre, seat) for seat in ("AG01", "AG02", "HN01"))
    kind, scope = KINDS.kind_of(words).name, scopes.dossier("q1")
    act = ag.node.act()
    act.create(scopes.centre("an_giang"), QueueItem(id="q1", channel="app_111", centre="an_giang"))
    act.create(scope, words)
    ag.node.write(act)
    assert ag.push().held == []
    assert centre.centre.read(lambda c: scopes.homes(c, [scope])) == {scope: "an_giang"}
    for desk in (ag, ag2, hn):
        desk.pull()
    assert ag2.node.stored(kind, "q1").record.body == "Cháu kể lại"
    assert not hn.node.has(kind, "q1")
    assert ag2.own_digest() == ag2.digest
