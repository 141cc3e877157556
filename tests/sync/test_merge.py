"""Merging: the same answer in any order and any number of times, and nothing silently replaced."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.records.fields import Merge
from sync import digest
from sync.merge import FieldState, Head, State, apply, present, seen_versions, siblings
from sync.operation import Body, decode_body, encode_body


def _stamp(ms: int, node: str = "aaaaaaaa") -> str:
    return f"{ms:012x}{0:08x}.{node}"


def _op(ms: int, node: str = "aaaaaaaa", **parts: Any) -> Body:
    return Body(
        kind="contact", id="c", scope="dossier:c", data_class="P3", action="patch", staff="tvv", schema=1,
        stamp=_stamp(ms, node), **parts,
    )  # fmt: skip


def _fold(bodies: list[Body]) -> State:
    state: State = {}
    for body in bodies:
        apply(state, body)
    return state


def _shape(state: State) -> dict[str, Any]:
    return {k: (dict(f.heads), set(f.gone)) for k, f in state.items() if f.heads or f.gone}


@st.composite
def histories(draw: st.DrawFn) -> list[Body]:
    """Edits by several authors, each based on some of the versions that exist."""
    made: list[Body] = []
    for ms in range(1, draw(st.integers(2, 12))):
        field = draw(st.sampled_from(["summary", "urgency", "topics", "not_known_yet"]))
        earlier = [b.stamp for b in made if field in b.values]
        bases = draw(st.lists(st.sampled_from(earlier), unique=True)) if earlier else []
        if field == "topics":
            there = [b.stamp for b in made if b.adds]
            drops = {"a": draw(st.lists(st.sampled_from(there), unique=True))} if there else {}
            adds = draw(st.lists(st.sampled_from("abc"), unique=True))
            made.append(_op(ms, adds={"topics": adds} if adds else {}, drops={"topics": drops} if drops else {}))
        else:
            value = draw(st.sampled_from(["x", "y", None, 3, True]))
            rank = draw(st.integers(-1, 2))
            made.append(
                _op(ms, values={field: value}, bases={field: bases} if bases else {}, ranks={field: rank})
            )
    return made


@given(histories(), st.randoms(use_true_random=False))
def test_any_permutation_and_any_duplication_folds_to_the_same_state(
    made: list[Body], dice: random.Random
) -> None:
    expected = _fold(made)
    again = [*made, *dice.choices(made, k=len(made))] if made else []
    dice.shuffle(again)
    folded = _fold(again)
    assert _shape(folded) == _shape(expected)
    assert digest.of_state("contact", "c", "s", folded) == digest.of_state("contact", "c", "s", expected)


@given(histories())
def test_no_value_vanishes_unless_a_later_author_had_seen_it(made: list[Body]) -> None:
    state = _fold(made)
    named = {(f, v) for b in made for f, versions in b.bases.items() for v in versions}
    for body in made:
        for field, value in body.values.items():
            if (field, body.stamp) not in named:
                assert state[field].heads[body.stamp].value == value


def test_three_versions_in_a_row_leave_one_head_however_they_arrive() -> None:
    v1 = _op(1, values={"summary": "một"})
    v2 = _op(2, values={"summary": "hai"}, bases={"summary": [v1.stamp]})
    v3 = _op(3, values={"summary": "ba"}, bases={"summary": [v2.stamp]})
    state = _fold([v3, v1, v2])
    assert list(state["summary"].heads) == [v3.stamp]


def test_the_more_cautious_value_is_shown_and_the_other_stays_beside_it() -> None:
    heads = {_stamp(5): Head("medium", 2), _stamp(4): Head("emergency", 4)}
    assert present(Merge.SAFETY, heads) == (_stamp(4), Head("emergency", 4))
    assert [h.value for _, h in siblings(Merge.SAFETY, heads)] == ["medium"]


def test_the_later_fact_is_shown_and_equal_values_make_no_sibling() -> None:
    heads = {_stamp(1): Head(9), _stamp(2): Head(9)}
    assert siblings(Merge.FACT, heads) == []
    heads[_stamp(3)] = Head(10)
    shown = present(Merge.FACT, heads)
    assert shown is not None
    assert shown[1].value == 10
    assert [h.value for _, h in siblings(Merge.FACT, heads)] == [9]


def test_a_placeholder_loses_to_a_persons_value_without_a_sibling_also_when_it_is_later() -> None:
    heads = {_stamp(9): Head("unclassified", -1), _stamp(1): Head("silent")}
    assert present(Merge.FACT, heads) == (_stamp(1), Head("silent"))
    assert siblings(Merge.FACT, heads) == []


def test_an_edit_supersedes_what_was_shown_and_leaves_the_sibling_to_a_person() -> None:
    heads = {_stamp(1): Head("An Giang"), _stamp(2): Head("Hà Nội"), _stamp(3): Head("unset", -1)}
    assert seen_versions(Merge.LONG_TEXT, heads) == [_stamp(2), _stamp(3)]


def test_adding_wins_over_a_removal_that_had_not_seen_it() -> None:
    added = _op(1, adds={"topics": ["psychology"]})
    dropped = _op(2, drops={"topics": {"psychology": [added.stamp]}})
    added_elsewhere = _op(2, "bbbbbbbb", adds={"topics": ["psychology"]})
    state = _fold([dropped, added_elsewhere, added])
    assert list(state["topics/psychology"].heads) == [added_elsewhere.stamp]


def test_what_is_written_once_never_becomes_a_matter_for_a_person() -> None:
    assert siblings(Merge.APPEND, {_stamp(1): Head("a"), _stamp(2): Head("b")}) == []


def test_an_empty_state_shows_nothing() -> None:
    assert present(Merge.FACT, FieldState().heads) is None
    assert seen_versions(Merge.FACT, {}) == []


@given(histories())
def test_the_authors_bytes_say_the_same_after_a_round_trip(made: list[Body]) -> None:
    for body in made:
        assert encode_body(decode_body(encode_body(body))) == encode_body(body)
