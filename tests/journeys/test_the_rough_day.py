"""The rough day, and the checker that must be able to fail: a deleted row, an altered value, any table, any field."""

from __future__ import annotations

import copy
import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from desktop.day.checker import RUN, examine
from desktop.day.kept import LABEL, Node, connect, open_kept, read_key_file
from desktop.day.paper import Paper, read_paper
from tests.conftest import Rounds
from tests.journeys.living import LivedDay, command, live
from tests.journeys.small_day import expected

DERIVED = {"search_entry", "search_text", "search_code"}
"""Rebuilt from records at any time; several of their rows stand for one record."""

UNSAID = {"node", "signed_head", "said_by"}
"""Marks of a node by key: looked at one by one in a test of their own. Signatures of batches are proof for a carrier
of what the chains prove here already: one that is missing makes two batches one. Who wrote a value that met another
is known where its operation was at hand, and nowhere else: a missing line says "not known", which is true."""


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> LivedDay:
    return live("day_rough", tmp_path_factory.mktemp("rough"))


class Kept:
    """The kept nodes, opened once; each try alters a copy of one table and looks whether the checker sees it."""

    def __init__(self, lived: LivedDay) -> None:
        self.paper: Paper = read_paper(lived.cdr, lived.day)
        self.run: dict[str, Any] = json.loads((lived.kept / RUN).read_text("utf-8"))
        self.nodes: list[Node] = open_kept(lived.kept)

    def faults(self) -> list[str]:
        return examine(self.nodes, self.paper, self.run).faults

    def faults_after(self, node: Node, table: str, rows: list[dict[str, Any]]) -> list[str]:
        before = node.tables[table]
        node.tables[table] = rows
        try:
            return self.faults()
        finally:
            node.tables[table] = before


@pytest.fixture(scope="module")
def kept(lived: LivedDay) -> Kept:
    return Kept(lived)


@pytest.mark.slow
def test_the_rough_day_holds_with_both_versions_of_the_edited_case(lived: LivedDay) -> None:
    due = expected(lived.cdr, lived.day)
    assert {name: lived.counts[name] for name in due} == due
    assert (due["siblings"], due["cdr_damaged"], due["cdr_repeated"], due["extra_notes"]) == (2, 2, 1, 2)


@pytest.mark.slow
def test_deleting_a_row_of_any_table_of_any_node_is_seen(kept: Kept, rounds: Rounds) -> None:
    assert not kept.faults()
    chance = random.Random(111)
    places = [
        (node, table)
        for node in kept.nodes
        for table, rows in sorted(node.tables.items())
        if rows and table not in DERIVED | UNSAID
    ]
    assert {table for _, table in places} >= {
        "r_call", "r_contact", "r_case", "r_person", "r_party", "r_phone", "r_note", "r_referral", "r_attempt",
        "r_clock", "r_grant", "r_number_block", "r_reconciliation", "log", "chain", "digest", "audience_digest",
        "sibling", "scope_home", "scope_grant", "granted_digest", "device", "code", "secret", "search_phone",
        "proven", "countersigned",
    }  # fmt: skip
    for node, table in places:
        for _ in range(rounds(10)):
            rows = list(node.tables[table])
            del rows[chance.randrange(len(rows))]
            assert kept.faults_after(node, table, rows), f"{node.name}.{table}: a missing row was not seen"


def other(value: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, bytes):
        return value[:-1] + bytes([value[-1] ^ 1])
    return value[:-1] + ("x" if value[-1:] != "x" else "y")


def alterations(kept: Kept) -> Iterator[tuple[Node, str, str]]:
    for node in kept.nodes:
        for table, rows in sorted(node.tables.items()):
            if table.startswith("r_") or table in {"log", "chain", "sibling", "digest", "scope_home", "scope_grant"}:
                for column in sorted({name for row in rows for name, value in row.items() if value is not None}):
                    yield node, table, column


@pytest.mark.slow
def test_altering_any_field_of_a_record_is_seen(kept: Kept, rounds: Rounds) -> None:
    chance = random.Random(112)
    places = list(alterations(kept))
    assert len(places) > 400
    for node, table, column in chance.sample(places, rounds(len(places))):
        rows = copy.deepcopy(node.tables[table])
        row = chance.choice([row for row in rows if row[column] not in (None, "", b"")] or [{column: "?"}])
        if column == "versions":
            row[column] = row[column].replace('"b":"0', '"b":"1', 1)
        elif row[column] == "?":
            continue  # an empty text everywhere: nothing to alter
        elif isinstance(row[column], str) and row[column].startswith("["):
            row[column] = "[]" if row[column] != "[]" else '["x"]'
        else:
            row[column] = other(row[column])
        assert kept.faults_after(node, table, rows), f"{node.name}.{table}.{column}: a change was not seen"


@pytest.mark.parametrize("mark", ["device", "centre", "lineage", "feed", "stamp", "equal", "acked", "cursor"])
def test_a_false_mark_of_a_desk_is_seen(mark: str, kept: Kept) -> None:
    desk = kept.nodes[1]
    rows = copy.deepcopy(desk.tables["node"])
    row = next(row for row in rows if row["key"].partition(":")[0] == mark)
    row["value"] = "0" * len(row["value"])
    assert kept.faults_after(desk, "node", rows)


def test_a_kill_or_a_cut_that_never_was_is_seen(kept: Kept, lived: LivedDay, tmp_path: Path) -> None:
    told = examine(kept.nodes, kept.paper, kept.run | {"desk_kills": 2}).faults
    assert any("ngắt giữa chừng" in fault for fault in told)
    centre = kept.nodes[0]
    rows = copy.deepcopy(centre.tables["log"])
    cut = next(node.device for node in kept.nodes if node.centre == "an_giang")
    first = min(row["seq"] for row in rows)
    inside = [r for r in rows if r["device"] == cut and kept.paper.cut[0] <= stamp_ms(r) < kept.paper.cut[1]]
    inside[0]["seq"] = first
    assert any("không thật sự bị cắt" in fault for fault in kept.faults_after(centre, "log", rows))


def stamp_ms(row: dict[str, Any]) -> int:
    return int(json.loads(row["body"])["t"][:12], 16)


def again(lived: LivedDay, kept: Path) -> tuple[int, str]:
    done = command("day", "--cdr", lived.cdr, "--day", lived.day, "--check", kept, "--json")
    return done.returncode, done.stderr


@pytest.mark.slow
def test_a_kept_folder_can_be_checked_again_and_a_touched_store_fails(lived: LivedDay, tmp_path: Path) -> None:
    assert again(lived, lived.kept) == (0, "")
    copied = tmp_path / "kept"
    shutil.copytree(lived.kept, copied)
    key = read_key_file(copied / "centre" / "data" / "server.key")
    store = connect(copied / "centre" / "data" / "centre.db", key)
    store.execute("DELETE FROM r_call WHERE id = (SELECT max(id) FROM r_call)")
    store.commit()
    store.close()
    code, said = again(lived, copied)
    assert code == 1
    assert "mất bản ghi call" in said


def test_a_damaged_kept_store_gives_one_sentence(lived: LivedDay, tmp_path: Path) -> None:
    copied = tmp_path / "kept"
    shutil.copytree(lived.kept, copied)
    path = copied / "AG01" / "store.db"
    assert json.loads((copied / "AG01" / LABEL).read_text("utf-8"))["store"] == path.name
    path.write_bytes(path.read_bytes()[:5000])
    code, said = again(lived, copied)
    assert code == 2
    assert said.strip().splitlines() == [
        "Không mở được kho giữ lại «AG01»: kho hoặc nhãn của nó đã hỏng, hãy chạy lại ngày."
    ]
