"""A desk that found a difference asks the centre over real HTTP, and only of what it may see."""

from __future__ import annotations

import msgspec
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from server.store.proven import all_devices
from sync import wire
from sync.door import receipt_claim
from sync.proof import Ask, narrow
from sync.replica import proof, scopes, tables
from sync.replica.ledger import DeskLedger
from sync.stays import Figure
from tests.server.ground import PATIENCE_S, Desk, Running, enrol_desk


def ledger_of(desk: Desk) -> DeskLedger:
    node = desk.node
    return DeskLedger(node.run, node.run, node.replica, lambda _c, _placed: None, lambda _folded: None)


def settle(desk: Desk) -> tuple[list[tuple[str, str]], list[tuple[str, str]], int]:
    """Drive the comparison over the wire to its end; answers what was mended, what is left, and the questions."""
    asking = narrow(ledger_of(desk))
    asked, count = next(asking), 0
    while True:
        count += 1
        try:
            asked = asking.send(desk.road.proof(asked, PATIENCE_S))
        except StopIteration as ended:
            return ended.value.mended, ended.value.left, count


def test_lost_and_changed_rows_of_both_ends_are_mended_in_a_few_questions(centre: Running) -> None:
    ag, other = enrol_desk(centre, "AG01"), enrol_desk(centre, "AG02")
    ag.write_calls(range(120))
    ag.write_contact("k1")
    ag.push()
    other.pull()
    call, contact = tables.records["call"], tables.records["contact"]
    lost = f"{ag.enrolled.device}-77"
    other.node.run(lambda c: c.execute(call.delete().where(call.c.id == lost)))
    centre.centre.lane.do(
        lambda c: c.execute(contact.update().where(contact.c.id == "k1").values(summary="không ai viết"))
    )
    mended, left, questions = settle(other)
    assert (sorted(mended), left) == ([("call", lost)], [])
    assert questions < 20
    assert other.node.has("call", lost)
    # The centre's figures still hid its own damage: counted anew, they show it, and its log mends it.
    scope = scopes.dossier("k1")
    other.road.proof(Ask("mend", scope=scope, kind="contact", id="k1"), PATIENCE_S)
    assert centre.centre.read(lambda c: proof.figure(c, "contact", scope, "k1")) == figure(other, scope)
    other.pull()
    assert other.own_digest() == other.digest
    for desk in (ag, other):
        desk.close()


def figure(desk: Desk, scope: str) -> Figure:
    return desk.node.run(lambda c: proof.figure(c, "contact", scope, "k1"))


def test_a_desk_of_another_centre_learns_nothing_by_asking(centre: Running) -> None:
    ag, dn = enrol_desk(centre, "AG01"), enrol_desk(centre, "DN01")
    scope = ag.write_contact("k1")
    ag.push()
    steps = [
        Ask("buckets"),
        Ask("bucket", bucket=""),
        Ask("records", scope=scope, kind="contact"),
        Ask("record", scope=scope, kind="contact", id="k1"),
        Ask("mend", scope=scope, kind="contact", id="k1"),
        Ask("unknown"),
    ]
    for ask in steps:
        answer = dn.road.proof(ask, PATIENCE_S)
        assert [line for line in answer.told.lines if line.name == scope or line.count > 1] == []
        assert answer.placed == () or list(answer.placed) == []
    for desk in (ag, dn):
        desk.close()


def test_a_receipt_is_signed_by_the_centre_and_only_for_what_it_counts_itself(centre: Running) -> None:
    ag = enrol_desk(centre, "AG01")
    ag.write_calls(range(3))
    ag.push()
    ag.pull()
    assert ag.road.receipt("3:" + "0" * 64, PATIENCE_S) is None
    given = ag.road.receipt(ag.own_digest(), PATIENCE_S)
    assert given is not None
    public = Ed25519PublicKey.from_public_bytes(wire.raw64(ag.enrolled.centre_key))
    public.verify(wire.raw64(given.signature), receipt_claim(given))
    with pytest.raises(InvalidSignature):
        public.verify(wire.raw64(given.signature), receipt_claim(msgspec.structs.replace(given, seq=given.seq + 1)))
    (known,) = centre.centre.read(all_devices)
    assert (known.seat, known.at, known.seq) == ("AG01", given.time, given.seq)
    ag.close()
