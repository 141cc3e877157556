"""The records that the road is measured with: the peers' invented notes, written as cases of 18 filled columns."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from domain.numbering import case_code
from domain.records.case import Case
from domain.records.contact import Contact
from sync.replica import scopes

YEAR, AN_GIANG = 2026, 3
GEN: Final = runpy.run_path(str(Path(__file__).parent / "peers" / "gen.py"))
"""The generator that floor and PouchDB read, as it was given."""


def cases(count: int, seed: int = 111) -> Iterator[tuple[str, Case]]:
    """(scope, case) for each of the first `count` notes of that seed: about three cases a dossier.

    Id, scope and sixteen fields are filled in every one; its author's bytes are about 1.1 kB, the same text
    that floor and PouchDB carry.
    """
    for number, note in enumerate(GEN["docs"](count, seed), start=1):
        yield scopes.dossier(note["case_id"]), _case(note, number)


def contacts(count: int, seed: int = 111, past: int = 0) -> Iterator[tuple[str, Contact]]:
    """(scope, contact) of each dossier that these notes are the first to lie in, after the `past` ones.

    Only a contact founds a dossier (settled 8): a case that comes before it is held at the server, and reaches
    nobody. So they go ahead of what is measured, as a file is begun by the call and grows afterwards.
    """
    known: set[str] = set()
    for number, note in enumerate(GEN["docs"](past + count, seed)):
        dossier = note["case_id"]
        if dossier not in known and number >= past:
            yield scopes.dossier(dossier), Contact(id=dossier, received_at=note["at"], centre="an_giang")
        known.add(dossier)


def _case(note: dict[str, Any], number: int) -> Case:
    child, caller = note["child"], note["caller"]
    return Case(
        id=note["id"],
        code=case_code("CT", YEAR, AN_GIANG, number),
        contact_id=note["case_id"],
        child_id=note["id"][:-4] + "0111",
        opened_at=note["at"],
        opened_by=note["author"],
        status=note["channel"],
        assigned_to=note["desk"],
        centre=note["centre"],
        abuse_types=(note["issue"],),
        urgency=note["risk"],
        risk=note["risk"],
        incident=note["note"],
        incident_when=note["hlc"],
        closed_at=note["at"] + 1,
        closure_reason=f"{caller['role']} {caller['name']} {caller['phone']}",
        closure_result=f"{child['name']}, {child['sex']}, {child['age']}, {child['province']}",
    )
