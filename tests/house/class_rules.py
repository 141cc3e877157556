"""The house rule about data: every column of every store has one known class, and no class stands for nothing."""

from __future__ import annotations

import fnmatch
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

from domain.records.kinds import Registry
from sync.replica.tables import RECORD_PREFIX
from tests.house.reading import ROOT

PLACE = "resources/policy/data_classes.toml"

SECTIONS = ("both", "desk", "server")
SAID = {"says", "leaves", "at_rest", "retention"}
"""What every entry of a table says beside its columns."""
MAY_SAY = SAID | {"stays", "derived"}
FILE_SAYS = SAID | {"of", "names", "class"}

Columns = Mapping[str, frozenset[str]]
"""Columns by table, as a database tells them."""
Policy = Mapping[str, Any]


def policy() -> dict[str, Any]:
    """The file, read anew."""
    return tomllib.loads((ROOT / PLACE).read_text("utf-8"))


def entries(rules: Policy, node: str) -> dict[str, Mapping[str, Any]]:
    """Entries of tables that stand for a node (`desk` or `server`), by table."""
    return {**rules.get("both", {}), **rules.get(node, {})}


def classes_of(entry: Mapping[str, Any]) -> dict[str, str]:
    """Class by column; a column that is named twice has its last class here and a finding in `said_rightly`."""
    return {column: name for name, columns in entry.items() if name not in MAY_SAY for column in columns}


def every_column_has_a_class(rules: Policy, node: str, found: Columns) -> list[str]:
    """Columns of a real store without a class, and entries that name no table or column of it."""
    named = {table: frozenset(classes_of(entry)) for table, entry in entries(rules, node).items()}
    faults = [f"{node}.{table}: no entry" for table in sorted(found.keys() - named.keys())]
    faults += [f"{node}.{table}: no such table" for table in sorted(named.keys() - found.keys())]
    for table in sorted(found.keys() & named.keys()):
        faults += [f"{node}.{table}.{column}: no class" for column in sorted(found[table] - named[table])]
        faults += [f"{node}.{table}.{column}: no such column" for column in sorted(named[table] - found[table])]
    return faults


def said_rightly(rules: Policy) -> list[str]:
    """Unknown classes and words, columns with two classes, entries that leave something out."""
    faults = []
    for section in SECTIONS:
        for table, entry in rules.get(section, {}).items():
            where = f"{section}.{table}"
            faults += [f"{where}: does not say {name}" for name in sorted(SAID - entry.keys())]
            known = MAY_SAY | rules["class"].keys()
            faults += [f"{where}: unknown class {name}" for name in entry if name not in known]
            columns = [c for name, named in entry.items() if name not in MAY_SAY for c in named]
            faults += [f"{where}.{c}: two classes" for c in sorted(set(columns)) if columns.count(c) > 1]
            faults += [f"{where}.{c}: stays, but is no column" for c in entry.get("stays", ()) if c not in columns]
            faults += _unknown_words(rules, where, entry)
            if "secret" in entry and entry.get("leaves") not in {"never", "road"}:
                faults.append(f"{where}: a secret never leaves with a record")
    for one in rules.get("file", ()):
        where = f"file {one.get('of')} {one.get('names')}"
        faults += [f"{where}: says {name}" for name in sorted(one.keys() ^ FILE_SAYS)]
        if one.get("class") not in rules["class"]:
            faults.append(f"{where}: unknown class {one.get('class')}")
        faults += _unknown_words(rules, where, one)
    return faults + [
        f"{one}: stands twice for {table}"
        for one in ("desk", "server")
        for table in sorted(rules["both"].keys() & rules[one].keys())
    ]


def _unknown_words(rules: Policy, where: str, entry: Mapping[str, Any]) -> list[str]:
    return [
        f"{where}: unknown {name} {entry[name]}"
        for name in ("leaves", "at_rest", "retention")
        if name in entry and entry[name] not in rules[name]
    ]


def agrees_with_the_registry(rules: Policy, kinds: Registry) -> list[str]:
    """Fields whose class here is not that of their declaration; what holds values of any field has the highest."""
    faults = []
    for kind in kinds.values():
        table = f"{RECORD_PREFIX}{kind.name}"
        here = classes_of(rules["both"].get(table, {}))
        wanted = {name: spec.data_class.value for name, spec in kind.fields.items()}
        wanted |= {"versions": max(wanted.values()), "parked": "P4"}
        faults += [
            f"{table}.{name}: is {here.get(name)}, declared {one}"
            for name, one in wanted.items()
            if here.get(name) != one
        ]
    return faults


def every_file_has_a_class(rules: Policy, of: str, found: Iterable[str]) -> list[str]:
    """Files of a real folder (places below it, forward slashes) that no entry stands for."""
    patterns = [PurePosixPath(name) for one in rules["file"] if one["of"] == of for name in one["names"]]
    return [f"{of}: {place} has no class" for place in found if not any(_is(place, one) for one in patterns)]


def _is(place: str, pattern: PurePosixPath) -> bool:
    parts = PurePosixPath(place).parts
    return len(parts) == len(pattern.parts) and all(map(fnmatch.fnmatchcase, parts, pattern.parts))
