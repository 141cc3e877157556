"""A cloned desk gave one code twice: both files are found by it, and the same one of them has a second everywhere."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import pytest

from domain.numbering import contact_code, parse_contact_code, second_code
from domain.records.contact import Contact
from server.store import granted
from server.store.emergency import scopes_of
from sync.replica import read, scopes, sums
from tests.server.ground import Desk, Running

MakeDesk = Callable[..., Desk]
CODE = "AG03-261123-0422"


def wrote(desk: Desk, name: str, code: str = CODE) -> None:
    act = desk.node.act()
    act.create(scopes.dossier(name), Contact(id=name, code=code, received_at=desk.node.wall))
    desk.node.write(act)
    desk.push()


def seconds(centre: Running) -> dict[str, str | None]:
    found = centre.centre.read(lambda c: read.where(c, "contact", "code", CODE))
    return {one.id: one.record.second_code for one in found}


@pytest.mark.parametrize("order", list(permutations(("a", "b", "c"))))
def test_whichever_came_first_the_same_files_get_the_same_second_codes(
    embedded: Running, desks: MakeDesk, order: tuple[str, ...]
) -> None:
    for desk, name in zip((desks(embedded), desks(embedded, "AG02"), desks(embedded, "AG04")), order, strict=True):
        wrote(desk, name)
    assert seconds(embedded) == {"a": None, "b": second_code(CODE, "b"), "c": second_code(CODE, "c")}


def test_both_are_found_by_the_first_code_and_one_by_its_own(centre: Running, desks: MakeDesk) -> None:
    one, twin = desks(centre), desks(centre, "AG02")
    wrote(one, "b")
    wrote(twin, "a")
    second = seconds(centre)["b"]
    assert second is not None
    parsed = parse_contact_code(second)
    assert (parsed.seat, f"{parsed.day:%y%m%d}") == ("AG03", "261123")
    for desk in (one, twin):
        desk.pull()
        assert desk.node.stored("contact", "b").record.second_code == second
        assert desk.own_digest() == desk.digest
    assert centre.centre.read(lambda c: scopes_of(c, CODE)) == {"dossier:a", "dossier:b"}
    assert centre.centre.read(lambda c: scopes_of(c, second)) == {"dossier:b"}
    running, counted = centre.centre.read(lambda c: (sums.by_scope_and_kind(c), sums.recount(c)))
    assert running == counted
    assert centre.centre.read(lambda c: granted.running(c, one.enrolled.device)).count == 0


def test_a_second_code_that_somebody_bears_is_stepped_over(embedded: Running, desks: MakeDesk) -> None:
    one = desks(embedded)
    wrote(one, "z", second_code(CODE, "b"))
    wrote(one, "a")
    wrote(one, "b")
    assert seconds(embedded) == {"a": None, "b": second_code(CODE, "b", 1)}


def test_one_code_of_one_file_and_words_that_are_no_code_change_nothing(embedded: Running, desks: MakeDesk) -> None:
    one = desks(embedded)
    wrote(one, "a")
    wrote(one, "c", "sổ tay")
    wrote(one, "d", "sổ tay")
    assert seconds(embedded) == {"a": None}
    assert embedded.centre.read(lambda c: read.one(c, "contact", "d")).record.second_code is None  # type: ignore[union-attr]  # it was pushed


def test_the_vector_of_the_protocol_page_holds() -> None:
    assert second_code(CODE, "b") == "AG03-261123-89463"


def test_second_codes_lie_where_no_seat_counts_to_in_a_day() -> None:
    given = [parse_contact_code(second_code(CODE, f"id-{n}", turn)) for n in range(300) for turn in (0, 1, 3_999)]
    assert all(5_000 <= one.sequence < 9_000 for one in given)
    assert len({second_code(CODE, f"id-{n}") for n in range(300)}) > 280
    first = parse_contact_code(CODE)
    assert second_code(CODE, "x") != contact_code(first.seat, first.day, first.sequence)
