"""A restricted file reaches the desk of who was let in by name, and leaves it when their place is taken back."""

from __future__ import annotations

from collections.abc import Callable

from domain.records.case_key import CaseReader
from server.operations.staff import write
from tests.server.ground import PATIENCE_S, Desk, Running

MakeDesk = Callable[..., Desk]


def let_in(author: Desk, scope: str, staff: str, reader: str) -> None:
    """What the operation of the desk writes, without the keys."""
    act = author.node.act()
    act.create(scope, CaseReader(id=reader, contact_id="k1", staff=staff, given_by="cg-1", given_at=author.node.wall))
    author.node.write(act)


def test_a_file_goes_to_the_desk_of_who_was_let_in_by_name_and_leaves_it_with_them(
    embedded: Running, desks: MakeDesk
) -> None:
    centre = embedded.centre
    author, colleague, other = desks(embedded, "AG01"), desks(embedded, "AG02"), desks(embedded, "AG03")
    for staff, seat in (("cg-1", "AG01"), ("cg-2", "AG02"), ("cg-3", "AG03")):
        write(centre, staff, roles=("counsellor",), centre="an_giang", desks=(seat,))
    write(centre, "it-2", roles=("it_admin",), centre="an_giang", desks=("AG03",))
    scope = author.write_contact("k1", case=True)
    author.push()
    author.node.change("case", "case-k1", opened_by="cg-1", restricted=True)
    author.push()
    assert colleague.road.scope(scope, 10_000, 0, PATIENCE_S)[1] == []
    let_in(author, scope, "cg-2", "r-1")
    let_in(author, scope, "it-2", "r-2")
    author.push()
    assert colleague.road.scope(scope, 10_000, 0, PATIENCE_S)[1], "their desk holds it now"
    assert other.road.scope(scope, 10_000, 0, PATIENCE_S)[1] == [], "a name gives nobody more than their role may"
    colleague.pull()
    assert colleague.node.stored("case", "case-k1").record.restricted is True
    author.node.change("case_reader", "r-1", ended_by="cg-1", ended_at=author.node.wall)
    author.push()
    assert colleague.road.scope(scope, 10_000, 0, PATIENCE_S)[1] == []
    assert author.road.scope(scope, 10_000, 0, PATIENCE_S)[1], "who works on it keeps it"
    colleague.pull()
    colleague.node.run(lambda c: colleague.node.replica.wipe(c, scope))
    author.pull()
    colleague.pull()
    assert (author.own_digest(), colleague.own_digest()) == (author.digest, colleague.digest)
