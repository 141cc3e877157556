"""A data subject's request reaches the desks whose people may see it, over real HTTP, and no other."""

from __future__ import annotations

from collections.abc import Callable

from domain.records.subject_request import SubjectRequest
from server.operations.staff import write
from sync.act import Act
from sync.replica import scopes
from tests.server.ground import Desk, Running

MakeDesk = Callable[..., Desk]
PEOPLE = {
    "AG02": ("counsellor", "an_giang", False),
    "AG03": ("shift_lead", "an_giang", True),
    "AG04": ("regional_lead", "an_giang", True),
    "AG05": ("it_admin", "an_giang", False),
    "HN01": ("inspector", "hanoi", True),
    "DN01": ("regional_lead", "da_nang", False),
}
"""Seat → role, centre, and whether a request of An Giang is shipped there."""


def test_a_request_is_shipped_to_who_took_it_down_and_to_who_may_see_it(embedded: Running, desks: MakeDesk) -> None:
    author = desks(embedded, "AG01")
    write(embedded.centre, "nv07", roles=("counsellor",), centre="an_giang", desks=("AG01",))
    others = {seat: desks(embedded, seat) for seat in PEOPLE}
    for seat, (role, centre, _) in PEOPLE.items():
        if seat != "HN01":  # hired after the request was taken down: the same comes of it
            write(embedded.centre, f"p-{seat}", roles=(role,), centre=centre, desks=(seat,))
    act = Act("nv07", author.node.clock.next(author.node.wall))
    asked = SubjectRequest(id="r-1", wish="deletion", centre="an_giang", received_by="nv07", words="Xin xóa")
    act.create(scopes.REQUEST + "r-1", asked)
    author.node.write(act)
    author.push()
    role, centre, _ = PEOPLE["HN01"]
    write(embedded.centre, "p-HN01", roles=(role,), centre=centre, desks=("HN01",))
    author.pull()
    assert author.node.has("subject_request", "r-1"), "who took it down keeps it"
    for seat, desk in others.items():
        desk.pull()
        assert desk.node.has("subject_request", "r-1") is PEOPLE[seat][2], seat


def test_where_nobody_is_listed_only_the_desk_that_took_it_down_holds_it(embedded: Running, desks: MakeDesk) -> None:
    author, other = desks(embedded, "AG01"), desks(embedded, "AG02")
    act = Act("nv07", author.node.clock.next(author.node.wall))
    act.create(
        scopes.REQUEST + "r-1",
        SubjectRequest(id="r-1", wish="access", centre="an_giang", received_by="nv07", asker="Trần Thị Mẹ"),
    )
    author.node.write(act)
    author.push()
    author.pull()
    other.pull()
    assert (author.node.has("subject_request", "r-1"), other.node.has("subject_request", "r-1")) == (True, False)
