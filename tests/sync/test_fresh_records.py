"""A record that one operation makes: the short way writes exactly what the long way would, or leaves it to that."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.records.fields import Column, Merge
from domain.records.kinds import KINDS, Kind
from sync import digest
from sync.merge import State, apply
from sync.operation import CREATE, Body, decode_body, encode_body
from sync.replica import tables
from sync.replica.fresh import FreshPlan
from sync.replica.rows import row_of

STAMP = "0199c1f2a3b400000003.abcdef01"
PLANS = {name: FreshPlan(kind, tables.records[name]) for name, kind in KINDS.items()}
STRANGE = st.one_of(
    st.none(), st.booleans(), st.integers(-(1 << 63), (1 << 64) - 1), st.text(max_size=5), st.just("a\x00b"),
    st.lists(st.text(max_size=3), max_size=2), st.dictionaries(st.sampled_from("ba"), st.integers(0, 3)),
)  # fmt: skip


def _value(kind: Kind, name: str) -> st.SearchStrategy[Any]:
    right = {
        Column.TEXT: st.text(max_size=20),
        Column.INTEGER: st.integers(-(1 << 63), (1 << 63) - 1),
        Column.BOOLEAN: st.booleans(),
        Column.JSON: st.dictionaries(st.text(max_size=2), st.integers(0, 9), max_size=3),
    }[kind.fields[name].column]
    return st.one_of(right, right, right, STRANGE)


@st.composite
def foundings(draw: st.DrawFn) -> Body:
    """An operation that makes a record: mostly right, sometimes of a strange program."""
    kind = KINDS[draw(st.sampled_from(["case", "contact", "person", "call", "note"]))]
    sets = [name for name, spec in kind.fields.items() if spec.merge is Merge.SET]
    plain = [name for name in kind.fields if name not in sets]
    values = {name: draw(_value(kind, name)) for name in draw(st.lists(st.sampled_from(plain), unique=True))}
    if draw(st.integers(0, 9)) == 0:
        values[draw(st.sampled_from(["unknown", "id", "parked", *sets]))] = draw(STRANGE)
    adds: dict[str, list[str]] = {}
    for name in draw(st.lists(st.sampled_from(sets), unique=True)) if sets else []:
        adds[name] = draw(st.lists(st.text(max_size=4), max_size=4))
    return Body(
        kind=kind.name, id=draw(st.sampled_from(["r-1", 'r"2', "ạ"])), scope="dossier:ủ", data_class="P2",
        action=CREATE,
        staff="tvv", schema=1, stamp=draw(st.sampled_from([STAMP, '"' + STAMP[1:], "ạ" + STAMP[1:]])),
        values=values, adds=adds,
    )  # fmt: skip


@given(foundings())
def test_the_short_way_writes_what_the_long_way_writes(made: Body) -> None:
    body = decode_body(encode_body(made))
    fresh = PLANS[body.kind].make(body)
    state: State = {}
    apply(state, body)
    if fresh is None:
        return
    slow = row_of(KINDS[body.kind], body.id, body.scope, state, body.stamp)
    names = [column.name for column in tables.records[body.kind].columns]
    assert {name: fresh.row.get(name) for name in names} == {name: slow.get(name) for name in names}
    assert fresh.line == tuple(slow.get(name) for name in names)
    assert fresh.total == digest.of_state(body.kind, body.id, body.scope, state).total


def test_a_record_as_our_own_program_writes_it_goes_the_short_way() -> None:
    body = Body(
        kind="contact", id="r-1", scope="dossier:r-1", data_class="P2", action=CREATE, staff="tvv", schema=1,
        stamp=STAMP, values={"code": "AG03-261123-0422", "received_at": 5, "in_depth": False}, adds={"topics": ["a"]},
    )  # fmt: skip
    assert PLANS["contact"].make(body) is not None


def test_what_does_not_fit_its_column_is_left_to_the_long_way() -> None:
    for values in ({"code": 5}, {"received_at": True}, {"received_at": 1 << 63}, {"summary": "a\x00"}, {"new": "x"}):
        body = Body(
            kind="contact", id="r-1", scope="s", data_class="P2", action=CREATE, staff="tvv", schema=1, stamp=STAMP,
            values=values,
        )  # fmt: skip
        assert PLANS["contact"].make(body) is None, values
