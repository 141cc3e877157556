"""A revoked device: told nothing from that moment, its last words held for review, nothing of them lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from server.cli import main
from server.operations.admitting import NotRevoked, admit
from server.operations.revocation import NeedsReason, NoSuchDevice, revoke
from server.store import revoked
from server.store.audit import audit
from server.store.held import drafts_left
from sync import door, wire
from sync.door import wipe_claim
from sync.replica import read, tables
from sync.troubles import Revoked, ServerTrouble
from tests.server.ground import PATIENCE_S, Desk, InThread, Running
from tests.server.hub_ground import has, running_hub, visit

MakeDesk = Callable[..., Desk]


def refused(one: Desk) -> Revoked:
    with pytest.raises(Revoked) as told:
        one.pull()
    return told.value


def test_from_the_commit_on_a_running_session_is_told_the_signed_order_and_nothing_else(
    centre: Running, desks: MakeDesk
) -> None:
    one, other = desks(centre, "AG01"), desks(centre, "AG02")
    one.write_contact("a", case=True)
    one.push()
    one.pull()
    order = revoke(centre.centre, one.enrolled.device, "  mất   máy ")
    assert order.reason == "mất máy"
    other.write_contact("b")
    other.push()
    told = refused(one)
    assert (told.lineage, told.since) == (centre.centre.lineage, order.since)
    public = Ed25519PublicKey.from_public_bytes(wire.raw64(one.enrolled.centre_key))
    public.verify(wire.raw64(told.order), wipe_claim(one.enrolled.device, told.since))
    with pytest.raises(InvalidSignature):
        public.verify(wire.raw64(told.order), wipe_claim(other.enrolled.device, told.since))
    for ask in (
        lambda: one.road.scope("dossier:a", 1 << 40, 0, PATIENCE_S),
        one.road.held,
        lambda: one.road.receipt("0:" + "0" * 64, PATIENCE_S),
        lambda: one.road.bootstrap(1, PATIENCE_S),
    ):
        with pytest.raises(Revoked):
            ask()
    other.pull()
    assert other.digest == other.own_digest(), "the others go on"
    assert not one.node.has("contact", "b")


def test_last_words_are_acknowledged_held_shown_to_nobody_and_let_in_after_review(
    centre: Running, desks: MakeDesk
) -> None:
    one, other = desks(centre, "AG01"), desks(centre, "AG02")
    one.write_contact("a")
    one.push()
    one.write_contact("b", "Lời cuối của máy bị mất", case=True)
    revoke(centre.centre, one.enrolled.device, "mất máy")
    answer = one.push()
    assert answer.acked == 5
    assert {why for _, why in ((held.n, held.why) for held in answer.held)} == {"revoked"}
    assert one.road.push(one.batch(one.node.outbox(2)), PATIENCE_S).acked == 5, "the same again is taken once"
    other.pull()
    assert other.node.has("contact", "a")
    assert not other.node.has("contact", "b")
    assert not has(centre.centre, "contact", "b")
    assert len(centre.centre.read(read.held)) == 3
    assert admit(centre.centre, one.enrolled.device) == 3
    assert admit(centre.centre, one.enrolled.device) == 0
    other.pull()
    assert other.node.stored("contact", "b").record.summary == "Lời cuối của máy bị mất"
    assert other.digest == other.own_digest()
    assert centre.centre.read(audit).differences == []
    with pytest.raises(NotRevoked):
        admit(centre.centre, other.enrolled.device)


def test_a_held_pull_that_began_before_ends_with_the_order_when_news_come(embedded: Running, desks: MakeDesk) -> None:
    one, other = desks(embedded, "AG01"), desks(embedded, "AG02")
    one.pull()
    waiting = InThread(lambda: one.road.pull(one.lineage, one.cursor, 100, 25.0, PATIENCE_S))
    embedded.held_pulls(1)
    revoke(embedded.centre, one.enrolled.device, "mất máy")
    other.write_contact("b")
    other.push()
    with pytest.raises(Revoked):
        waiting.outcome()


def test_a_hub_knows_the_order_without_a_line_and_cannot_forge_one(
    tmp_path: Path, embedded: Running, desks: MakeDesk
) -> None:
    with running_hub(tmp_path / "hub", embedded) as hub:
        one = desks(embedded, "AG01")
        hub.visiting(one).pull()
        order = revoke(embedded.centre, one.enrolled.device, "mất máy")
        assert hub.uplink.refresh()
        hub.gate.cut()
        at_hub = visit(one, hub.url)
        with pytest.raises(Revoked) as told:
            at_hub.pull()
        assert (told.value.lineage, told.value.order) == ("", order.signature), "a hub takes no last words"


def test_a_session_that_stands_at_the_hub_lets_no_word_of_a_revoked_desk_in(
    tmp_path: Path, embedded: Running, desks: MakeDesk
) -> None:
    with running_hub(tmp_path / "hub", embedded) as hub:
        one = desks(embedded, "AG01")
        at_hub = hub.visiting(one)
        at_hub.pull()
        order = revoke(embedded.centre, one.enrolled.device, "mất máy")
        assert hub.uplink.refresh()
        at_hub.write_contact("a", "Viết sau khi thu hồi")
        with pytest.raises(Revoked) as told:
            at_hub.push()
        assert (told.value.lineage, told.value.order) == ("", order.signature), "its last words are the centre's"
        assert not has(hub.centre, "contact", "a")
        at_centre = visit(one, embedded.url)
        assert {one.why for one in at_centre.push().held} == {"revoked"}
        assert not has(embedded.centre, "contact", "a"), "held there for review"


def test_a_revoked_hub_brings_what_it_holds_and_hears_nothing_more(
    tmp_path: Path, embedded: Running, desks: MakeDesk
) -> None:
    with running_hub(tmp_path / "hub", embedded) as hub:
        one = desks(embedded, "AG01")
        hub.visiting(one).pull()
        hub.gate.cut()
        one.write_contact("a", "Viết tại trạm vùng", case=True)
        one.push()
        (me,) = [d.device for d in embedded.centre.read(revoked.devices) if d.hub]
        revoke(embedded.centre, me, "máy chủ hỏng")
        hub.gate.open()
        hub.uplink.nudge()
        assert hub.uplink.wait_for(lambda road: road.signed_out and not road.waiting, PATIENCE_S)
        assert has(embedded.centre, "contact", "a"), "signed by its author, who stands"
        assert hub.centre.retired
        with pytest.raises(ServerTrouble):
            visit(one, hub.url).pull()
        visit(one, embedded.url).pull()


def test_the_commands_revoke_list_and_let_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], embedded: Running, desks: MakeDesk
) -> None:
    one = desks(embedded)
    device = one.enrolled.device
    data = ["--data", str(embedded.centre.store.folder)]

    def run(*words: str, code: int = 0) -> list[Any]:
        assert main([words[0], *data, *words[1:]]) == code
        said = capsys.readouterr()
        return [json.loads(line) for line in said.out.splitlines()] if not code else [said.err]

    assert "mã máy" in run("revoke", "nobody", "--reason", "x", code=2)[0]
    assert "lý do" in run("revoke", device, "--reason", " ", code=2)[0]
    (said,) = run("revoke", device, "--reason", "mất máy")
    assert said["device"] == device
    assert [(line["device"], line["reason"]) for line in run("devices")] == [(device, "mất máy")]
    one.write_contact("a")
    one.push()
    assert run("admit", device) == [{"device": device, "admitted": 2}]
    assert run("left", device) == []
    assert embedded.centre.read(lambda c: drafts_left(c, device)) == []


def test_what_names_no_device_or_no_reason_is_refused(embedded: Running, desks: MakeDesk) -> None:
    one = desks(embedded)
    with pytest.raises(NoSuchDevice):
        revoke(embedded.centre, "nobody", "mất máy")
    with pytest.raises(NeedsReason):
        revoke(embedded.centre, one.enrolled.device, "x" * 201)
    first = revoke(embedded.centre, one.enrolled.device, "mất máy")
    embedded.clock.pass_ms(60_000)
    assert revoke(embedded.centre, one.enrolled.device, "lần hai") == first
    said = requests.get(f"{embedded.url}{door.HEALTH}", timeout=PATIENCE_S)
    assert said.status_code == 200
    assert embedded.centre.read(lambda c: c.execute(tables.waiting.select()).all()) == []
