"""The day with a hub at each regional centre: the same counts, a hub really killed, a checker that sees it all."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from desktop.day.checker import RUN, examine
from desktop.day.hub_kept import Brought
from desktop.day.kept import Node, open_kept
from desktop.day.paper import Paper, read_paper
from tests.conftest import SOAK, Rounds
from tests.journeys.living import LivedDay, live
from tests.journeys.small_day import EVERY, expected

if TYPE_CHECKING:
    from tests.postgres import PostgresServer

DAYS = [(name, store) for name in ("day", "day_rough") for store in ("embedded", "postgres")]

ELSEWHERE = {"signed_head", "upstream_chain", "proven", "countersigned", "node", "granted_digest", "said_by"}
"""Tables of a hub that are looked at key by key below, or hold what a line of its own proves: signatures (proof of
what the chains prove), receipts in the hub's own name (no desk takes them), figures of nothing (no grants)."""


class Kept:
    """The kept nodes, opened once; each try alters something and looks whether the checker sees it."""

    def __init__(self, lived: LivedDay) -> None:
        self.paper: Paper = read_paper(lived.cdr, lived.day)
        self.run: dict[str, Any] = json.loads((lived.kept / RUN).read_text("utf-8"))
        self.nodes: list[Node] = open_kept(lived.kept)

    def named(self, name: str) -> Node:
        (found,) = [node for node in self.nodes if node.name == name]
        return found

    @property
    def hubs(self) -> list[Node]:
        return [node for node in self.nodes if node.role == "hub"]

    def faults(self, **run: Any) -> list[str]:
        return examine(self.nodes, self.paper, self.run | run).faults

    def faults_after(self, node: Node, table: str, rows: list[dict[str, Any]]) -> list[str]:
        before = node.tables[table]
        node.tables[table] = rows
        try:
            return self.faults()
        finally:
            node.tables[table] = before


@pytest.mark.slow
def test_the_rough_day_with_hubs_counts_as_without_and_whatever_is_false_at_a_hub_is_seen(
    postgres: PostgresServer, rounds: Rounds, tmp_path: Path
) -> None:
    # One test for both: under worksteal each worker would live the day of a wider fixture anew.
    with postgres.database() as url:
        lived = live("day_rough", tmp_path, database=url, hubs=True)
    due = expected(lived.cdr, lived.day)
    assert {name: lived.counts[name] for name in due} == due
    assert (lived.counts["hubs"], lived.counts["hub_kills"]) == (2, 1)
    kept = Kept(lived)
    assert [node.name for node in kept.hubs] == ["AG00", "DN00"]
    assert not kept.faults()
    missing_and_altered_rows_are_seen(kept, rounds)
    false_marks_are_seen(kept)
    an_unused_or_undying_hub_is_seen(kept)


@pytest.mark.soak("day")
@pytest.mark.slow
@pytest.mark.parametrize(("name", "store"), DAYS if SOAK else DAYS[:1])
def test_whole_days_with_hubs_hold_on_both_stores_again_and_again(
    name: str, store: str, rounds: Rounds, postgres: PostgresServer, tmp_path: Path
) -> None:
    for turn in range(rounds(5)):
        with postgres.database() as url:
            database = url if store == "postgres" else None
            lived = live(name, tmp_path / str(turn), every=1 if SOAK else 4 * EVERY, database=database, hubs=True)
        due = expected(lived.cdr, lived.day)
        assert {key: lived.counts[key] for key in due} == due
        assert (lived.counts["hub_kills"], lived.counts["wall_s"] <= 180) == (1, True)
        print(f"{name} {store} hubs {turn + 1}: {lived.counts['wall_s']} s", flush=True)


def missing_and_altered_rows_are_seen(kept: Kept, rounds: Rounds) -> None:
    chance = random.Random(113)
    for hub in kept.hubs:
        tables = sorted(name for name, rows in hub.tables.items() if rows and name not in ELSEWHERE)
        assert {"r_call", "r_contact", "r_person", "log", "chain", "digest", "scope_home", "device"} <= set(tables)
        for table in tables:
            for _ in range(rounds(10)):
                rows = list(hub.tables[table])
                del rows[chance.randrange(len(rows))]
                assert kept.faults_after(hub, table, rows), f"{hub.name}.{table}: a missing row was not seen"
        for column in ("seq", "device", "incarnation", "n", "grp", "scope", "kind", "record", "salt", "body", "hash"):
            rows = copy.deepcopy(hub.tables["log"])
            row = chance.choice([one for one in rows if one[column]])
            row[column] = other(row[column])
            assert kept.faults_after(hub, "log", rows), f"{hub.name}.log.{column}: a change was not seen"


def other(value: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(value, int):
        return value + 1
    if isinstance(value, bytes):
        return value[:-1] + bytes([value[-1] ^ 1])
    return value[:-1] + ("x" if value[-1:] != "x" else "y")


def false_marks_are_seen(kept: Kept) -> None:
    for hub in kept.hubs:
        for mark in ("up_lineage", "lineage", "feed", "equal", "hub_device"):
            rows = copy.deepcopy(hub.tables["node"])
            row = next(row for row in rows if row["key"] == mark)
            row["value"] = "0" * len(row["value"])
            assert kept.faults_after(hub, "node", rows), f"{hub.name}: a false {mark} was not seen"
        rows = copy.deepcopy(hub.tables["upstream_chain"])
        desks = {node.device for node in kept.nodes if node.role == "desk"}
        next(row for row in rows if row["device"] in desks)["acked"] -= 1
        assert any("không biết rằng" in fault for fault in kept.faults_after(hub, "upstream_chain", rows))


def an_unused_or_undying_hub_is_seen(kept: Kept) -> None:
    centre = kept.nodes[0]
    rows = copy.deepcopy(centre.tables["brought"])
    of = {hub.name: hub.about("hub_device") for hub in kept.hubs}
    for name, words in (("AG00", "không đi qua"), ("DN00", "không thao tác nào")):
        left = [row for row in rows if row["hub"] != of[name]]
        assert any(words in fault for fault in kept.faults_after(centre, "brought", left))
    whole = [row for row in rows if row["hub"] != of["DN00"]]
    whole.append({"hub": of["DN00"], "incarnation": 1, "first": 0, "last": 1 << 40})
    assert any("không lần nào" in fault for fault in kept.faults_after(centre, "brought", whole))
    assert any("trạm vùng không cho thấy" in fault for fault in kept.faults(hub_kills=0))
    left = [row for row in centre.tables["hub"] if row["device"] != of["AG00"]]
    assert kept.faults_after(centre, "hub", left)


def test_what_a_hub_brought_is_told_by_its_ranges() -> None:
    centre = Node("centre", "centre", "", "centre", Path())
    centre.tables["brought"] = [
        {"hub": "h", "incarnation": 1, "first": 3, "last": 5},
        {"hub": "h", "incarnation": 2, "first": 9, "last": 9},
        {"hub": "other", "incarnation": 1, "first": 6, "last": 8},
    ]
    brought = Brought(centre, "h")
    assert [seq for seq in range(12) if seq in brought] == [3, 4, 5, 9]
