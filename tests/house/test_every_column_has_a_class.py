"""Real stores are opened and asked for their columns: each has a class, and no entry is empty."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from desktop.store.copies import make_copy
from desktop.store.keys import KeySlots
from domain.records.kinds import KINDS
from server.operations.backup import make_backup
from server.operations.centre import Centre
from server.store.engine import open_store
from tests.desktop.store.kit import CHEAP, NOON, PASSPHRASE, STAFF, Bench, SetClock
from tests.house import class_rules as rules
from tests.house.fresh_store import made
from tests.postgres import PostgresServer

STORES = ["desk", "centre", "hub", "postgresql"]


@pytest.fixture
def columns(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[..., dict[str, frozenset[str]]]:
    """`columns("hub", plant=True)`: what the database of a fresh store says of itself."""

    def of(store: str, *, plant: bool = False) -> dict[str, frozenset[str]]:
        if store != "postgresql":
            return made(store, tmp_path / store, plant=plant)
        server: PostgresServer = request.getfixturevalue("postgres")
        return made("centre", tmp_path / store, server.new_database(), plant=plant)

    return of


def section(store: str) -> str:
    return "desk" if store == "desk" else "server"


def files_of(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("store", STORES)
def test_every_column_of_a_fresh_store_has_a_class_and_a_planted_one_is_found(
    columns: Callable[..., dict[str, frozenset[str]]], store: str
) -> None:
    found = columns(store, plant=True)
    assert len(found) > len(KINDS) + 20, "the reading of the store is broken"
    node = section(store)
    assert rules.every_column_has_a_class(rules.policy(), node, found) == [
        f"{node}.scribble: no entry",
        f"{node}.r_person.passport: no class",
    ]
    del found["scribble"]
    found["r_person"] -= {"passport"}
    assert rules.every_column_has_a_class(rules.policy(), node, found) == []


def test_an_entry_that_names_nothing_is_found(columns: Callable[..., dict[str, frozenset[str]]]) -> None:
    planted = rules.policy()
    planted["desk"]["ghost"] = planted["desk"]["setting"]
    planted["desk"]["draft"]["P3"].append("gone")
    assert rules.every_column_has_a_class(planted, "desk", columns("desk")) == [
        "desk.ghost: no such table",
        "desk.draft.gone: no such column",
    ]


def test_classes_and_words_are_known_and_each_column_has_one_class() -> None:
    assert rules.said_rightly(rules.policy()) == []


Spoil = Callable[[dict[str, Any]], object]
SPOILT: list[tuple[Spoil, str]] = [
    (lambda p: p["desk"]["draft"].update(P9=["form"]), "desk.draft: unknown class P9"),
    (lambda p: p["desk"]["draft"]["P1"].append("data"), "desk.draft.data: two classes"),
    (lambda p: p["desk"]["draft"].pop("retention"), "desk.draft: does not say retention"),
    (lambda p: p["desk"]["draft"].update(leaves="sometimes"), "desk.draft: unknown leaves sometimes"),
    (lambda p: p["desk"]["draft"].update(at_rest="somehow"), "desk.draft: unknown at_rest somehow"),
    (lambda p: p["desk"]["draft"].update(retention="ever"), "desk.draft: unknown retention ever"),
    (lambda p: p["both"]["log"]["stays"].append("words"), "both.log.words: stays, but is no column"),
    (lambda p: p["desk"]["secret"].update(leaves="scope"), "desk.secret: a secret never leaves with a record"),
    (lambda p: p["desk"].update(log=p["both"]["log"]), "desk: stands twice for log"),
    (lambda p: p["file"][0].update({"class": "P9"}), "unknown class P9"),
    (lambda p: p["file"][0].pop("says"), ": says says"),
]


@pytest.mark.parametrize(("spoil", "finding"), SPOILT, ids=[finding for _, finding in SPOILT])
def test_a_fault_in_the_file_is_found(spoil: Spoil, finding: str) -> None:
    planted = copy.deepcopy(rules.policy())
    spoil(planted)
    assert any(finding in one for one in rules.said_rightly(planted))


def test_records_have_the_classes_of_their_declarations() -> None:
    assert rules.agrees_with_the_registry(rules.policy(), KINDS) == []


def test_a_class_lower_than_declared_is_found() -> None:
    planted = rules.policy()
    planted["both"]["r_person"]["P3"].remove("ethnic_group")
    planted["both"]["r_person"]["P1"].append("ethnic_group")
    assert rules.agrees_with_the_registry(planted, KINDS) == ["r_person.ethnic_group: is P1, declared P3"]


def test_every_file_of_a_desk_and_of_a_server_has_a_class(tmp_path: Path) -> None:
    desk = Bench(tmp_path / "desk")
    home = desk.home
    home.prepare()
    KeySlots(home.slots, CHEAP, calibrate=False).create(STAFF, PASSPHRASE)
    backup = make_copy(desk.store, home.slots, home.backups, NOON)
    told = {"format", "reference", "keeper", "people", "inbox_public", "inbox", "recovery", "mark"}
    assert set(json.loads(home.slots.read_bytes())) == told
    data, into = tmp_path / "server", tmp_path / "backups"
    centre = Centre(open_store(data, None), SetClock(), os.urandom)
    try:
        make_backup(centre, data, into, data / "backup.key", embedded=True)
        found = {"desk": files_of(home.root), "server": files_of(data), "backups": files_of(into)}
    finally:
        centre.close()
        desk.close()
    assert f"backups/{backup.path.name}" in found["desk"]
    assert {"server.key", "backup.key", "centre.db"} <= set(found["server"])
    faults = {of: rules.every_file_has_a_class(rules.policy(), of, places) for of, places in found.items()}
    assert faults == {"desk": [], "server": [], "backups": []}
    assert rules.every_file_has_a_class(rules.policy(), "desk", ["notes.txt", "logs/deep/desk.log"]) == [
        "desk: notes.txt has no class",
        "desk: logs/deep/desk.log has no class",
    ]
