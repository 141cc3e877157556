"""S-06 at the engine: every role × action × state of a thing against a table written by hand; flips are found."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from domain.codes.catalogue import Catalogue
from domain.rules.privacy import BadPolicy, Decision, Person, Policy, Thing, may, ships
from domain.rules.privacy.policy import CONDITIONS, FILE, Reach, read
from tests.conftest import Rounds
from tests.privacy_table import (
    BEHIND_THE_WALL,
    NOBODY,
    PLAIN,
    RESTRICTED,
    ROLES,
    STATES,
    THE_REGISTER,
    expected,
)

RESOURCES = Path(__file__).resolve().parents[2] / "resources"
SAID = tomllib.loads((RESOURCES / "policy" / FILE).read_text("utf-8"))
LETTER = {
    Decision.ALLOWED: "A",
    Decision.MASKED: "M",
    Decision.LOGGED: "L",
    Decision.REASON: "R",
    Decision.TWO_PERSON: "2",
    Decision.NONE: "-",
}
OURS = {"south": ["an_giang", "da_nang"], "north": ["hanoi"]}
"""Two centres in one region, so that region and centre differ."""

WHERE = {
    "own": Thing(centre="hanoi", workers=frozenset({"me", "someone"}), dossier="d-own"),
    "centre": Thing(centre="an_giang", workers=frozenset({"someone"}), dossier="d-centre"),
    "region": Thing(centre="da_nang", workers=frozenset({"someone"}), dossier="d-region"),
    "elsewhere": Thing(centre="hanoi", workers=frozenset({"someone"}), dossier="d-else"),
}
ME = Person("me", frozenset(), "an_giang")

Case = tuple[str, str, str, str, Person, Thing]
"""Table, action, role, state, who asks, for what."""


def cases(role: str, actions: tuple[str, ...] = tuple(PLAIN)) -> Iterator[tuple[Case, str]]:
    """Every question about one role, with the letter that is expected."""
    me = replace(ME, roles=frozenset({role}))
    named = replace(me, books=frozenset({"trafficking"}))
    for action in actions:
        for state in STATES:
            thing = WHERE[state]
            plain = expected(PLAIN, action, role, state)
            yield ("plain", action, role, state, me, thing), plain
            hidden = replace(thing, restricted=True)
            yield ("restricted", action, role, state, me, hidden), expected(RESTRICTED, action, role, state)
            wall = replace(thing, book="therapy")
            yield ("therapy", action, role, state, me, wall), expected(BEHIND_THE_WALL, action, role, state)
            asked = replace(thing, book="requests", restricted=True)
            yield ("requests", action, role, state, me, asked), expected(THE_REGISTER, action, role, state)
            other = replace(thing, book="trafficking")
            yield ("trafficking", action, role, state, named, other), plain
            yield ("trafficking, not named", action, role, state, me, other), "-"
            hurt = replace(me, conflicts=frozenset({thing.dossier}))
            yield ("conflict of interest", action, role, state, hurt, thing), "-"
            yield ("gone", action, role, state, replace(me, active=False), thing), "-"


def differences(policy: Policy, role: str) -> list[str]:
    """Questions that the engine answers otherwise than the table."""
    found = []
    for (table, action, _, state, who, thing), letter in cases(role):
        try:
            said = LETTER[may(policy, who, action, thing)]
        except KeyError:
            said = "?"
        if said != letter:
            found.append(f"{table}: {role} {action} {state}: {said}, expected {letter}")
    return found


def ours(change: Callable[[dict[str, Any]], None] | None = None) -> Policy:
    """The real table with regions of the test's own, changed in one place."""
    said = deepcopy(SAID) | {"regions": OURS}
    if change is not None:
        change(said)
    return read(said)


def test_every_answer_is_that_of_the_table() -> None:
    policy = ours()
    assert list(policy.rows) == list(PLAIN), "the table and the file speak of the same actions"
    assert tuple(SAID["columns"]) == ROLES
    for role in ROLES:
        assert differences(policy, role) == []
    print(f"S-06 engine: {sum(1 for role in ROLES for _ in cases(role))} questions")


def other_cells(cell: str) -> list[str]:
    """Every other thing a cell can say."""
    reaches = [one.name.lower() for one in Reach if one is not Reach.NONE]
    every = ["none"] + [f"{reach} {how}".strip() for reach in reaches for how in CONDITIONS]
    return [one for one in every if one != cell]


def test_flipping_any_cell_is_found(rounds: Rounds) -> None:
    flipped = 0
    for action in PLAIN:
        for column, role in enumerate(ROLES):
            others = other_cells(SAID["rows"][action][column])
            first = (len(action) + column) % len(others)
            for place in range(rounds(len(others))):
                cell = others[(first + place) % len(others)]

                def flip(said: dict[str, Any], action: str = action, column: int = column, cell: str = cell) -> None:
                    said["rows"][action][column] = cell

                assert differences(ours(flip), role), f"{action} of {role} as {cell!r} passes for the table"
                flipped += 1
    print(f"S-06 flips: {flipped} of {flipped} found")


@pytest.mark.parametrize("where", ["restricted", "therapy", "requests"])
def test_leading_an_action_elsewhere_or_nowhere_is_found(where: str) -> None:
    table = SAID["restricted"] if where == "restricted" else SAID["books"][where]["rows"]
    written = {"restricted": RESTRICTED, "therapy": BEHIND_THE_WALL, "requests": THE_REGISTER}[where]
    for action in table:
        if written[action] == NOBODY:
            continue

        def drop(said: dict[str, Any], action: str = action) -> None:
            rows = said["restricted"] if where == "restricted" else said["books"][where]["rows"]
            del rows[action]

        assert any(differences(ours(drop), role) for role in ROLES), f"{where} without {action}"


def test_an_open_trafficking_book_or_a_fallen_wall_is_found() -> None:
    def open_book(said: dict[str, Any]) -> None:
        said["books"]["trafficking"]["named"] = False

    def no_wall(said: dict[str, Any]) -> None:
        del said["books"]["therapy"]["rows"]

    for change in (open_book, no_wall):
        assert any(differences(ours(change), role) for role in ROLES)


def test_a_second_role_adds_and_takes_nothing_away() -> None:
    policy = ours()
    both = replace(ME, roles=frozenset({"counsellor", "therapist"}))
    for action in PLAIN:
        for thing in WHERE.values():
            alone = [may(policy, replace(ME, roles=frozenset({one})), action, thing) for one in sorted(both.roles)]
            assert may(policy, both, action, thing) == max(alone)


def test_an_assignment_is_work_of_ones_own_and_no_role_is_no_right() -> None:
    policy = ours()
    me = replace(ME, roles=frozenset({"counsellor"}), assignments=frozenset({"d-else"}))
    assert may(policy, me, "open", WHERE["elsewhere"]) is Decision.ALLOWED
    assert may(policy, me, "open", WHERE["centre"]) is Decision.NONE
    for action in PLAIN:
        assert may(policy, ME, action, WHERE["own"]) is Decision.NONE


def test_somebody_on_no_list_works_as_a_counsellor_and_meets_the_walls() -> None:
    policy = ours()
    guest = Person("guest", frozenset({policy.unlisted}), "an_giang", listed=False)
    assert may(policy, guest, "open", WHERE["centre"]) is Decision.ALLOWED
    assert may(policy, guest, "erase", WHERE["centre"]) is Decision.NONE
    assert may(policy, guest, "open", replace(WHERE["centre"], restricted=True)) is Decision.NONE
    assert may(policy, guest, "open", replace(WHERE["centre"], book="trafficking")) is Decision.NONE
    assert may(policy, guest, "open", replace(WHERE["centre"], book="therapy")) is Decision.MASKED


def test_somebody_on_no_list_is_shipped_what_is_their_centres_and_no_file_of_another() -> None:
    policy = ours()
    guest = Person("", frozenset({policy.unlisted}), "an_giang", listed=False)
    assert ships(policy, [guest], WHERE["centre"])
    for elsewhere in (WHERE["region"], WHERE["elsewhere"], Thing(dossier="d")):
        assert not ships(policy, [guest], elsewhere)


def test_an_empty_name_in_a_record_makes_nobody_a_worker_of_it() -> None:
    policy = ours()
    for listed in (True, False):
        nobody = Person("", frozenset({"counsellor"}), "an_giang", listed=listed)
        named = replace(WHERE["elsewhere"], workers=frozenset({""}), restricted=True)
        assert may(policy, nobody, "open", named) is Decision.NONE
        assert not ships(policy, [nobody], named)


def test_an_action_without_a_row_has_no_answer() -> None:
    with pytest.raises(KeyError):
        may(ours(), ME, "fly", WHERE["own"])


def test_the_file_names_the_hotlines_centres_and_every_scope_has_one_book() -> None:
    centres = [code.code for code in Catalogue.load(RESOURCES / "codes")["centres"].codes]
    policy = Policy.load(RESOURCES / "policy", centres)
    assert set().union(*policy.regions.values()) == set(centres)
    assert [policy.book_of(s) for s in ("dossier:x", "therapy:x", "trafficking:x", "centre:hanoi")] == [
        "children",
        "therapy",
        "trafficking",
        "children",
    ]


@pytest.mark.parametrize(
    "place",
    [
        ("columns", ["counsellor"]),
        ("unlisted", "guest"),
        ("format", 2),
        ("regions", {"north": ["hanoi"], "south": ["hanoi"]}),
        ("regions", {"north": ["atlantis"]}),
        ("restricted", {"open": "nowhere"}),
        ("restricted", {"nowhere": "open"}),
        ("rows", {"open": ["own"]}),
        ("rows", {"open": ["own"] * 6 + ["world"]}),
        ("rows", {"open": ["own"] * 6 + ["none masked"]}),
        ("rows", {"open": ["own"] * 6 + ["own loudly"]}),
        ("books", {}),
        ("roles", 7),
    ],
)
def test_a_dangling_reference_stops_the_start(place: tuple[str, Any]) -> None:
    with pytest.raises(BadPolicy):
        read(SAID | dict([place]), ["hanoi", "an_giang", "da_nang"])
