"""What a counsellor does in these tests: a drawn row of real acts, and what the store must hold after each."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import Connection

from desktop.operations import calls, drafts, intake
from desktop.operations.calls import HOTLINE_PBX, PbxCallEvent
from desktop.store.draft_seal import opened
from desktop.store.unit_of_work import Operation
from domain.ids import call_id
from tests.desktop.store.kit import NOON, PERSON_KEY

OUTCOMES = ("silent", "hang_up", "prank", "wrong_number")
FORM = "report"
SHORT = 2_000
"""Longest text of a draft (characters) where nothing else is asked for."""

Held = dict[str, str]
"""What a store holds, as a person would tell it: calls by number, files by their words, drafts by name."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One act. `name` is a call's or a draft's, `words` an outcome, a draft's text or a file's summary."""

    what: str
    name: str
    words: str = ""
    draft: str = ""


def script(seed: int, count: int, longest: int = SHORT) -> tuple[Deed, ...]:
    """The first `count` acts of this seed: a shorter row of the same seed is its beginning. `longest` bounds a
    draft's text (characters)."""
    chance = random.Random(f"script {seed}")
    ringing: list[str] = []
    begun: list[str] = []
    deeds: list[Deed] = []
    for i in range(count):
        what = chance.choice(("ring", "outcome", "draft", "draft", "report", "discard"))
        if what == "outcome" and ringing:
            deeds.append(Deed("outcome", chance.choice(ringing), chance.choice(OUTCOMES)))
        elif what == "draft":
            again = begun and chance.random() < 0.5
            name = chance.choice(begun) if again else f"d{i}"
            begun += [] if again else [name]
            size = chance.randrange(20, longest)
            deeds.append(Deed("draft", name, (f"Em kể lần {i}: " * (size // 10 + 1))[:size]))
        elif what == "report" and ringing:
            ringing.remove(name := chance.choice(ringing))
            draft = begun.pop(chance.randrange(len(begun))) if begun else ""
            deeds.append(Deed("report", name, f"Báo cáo {i} của {seed}", draft))
        elif what == "discard" and len(begun) > 2:
            deeds.append(Deed("discard", begun.pop(chance.randrange(len(begun)))))
        else:
            ringing.append(f"{seed}.{i}")
            deeds.append(Deed("ring", ringing[-1]))
    return tuple(deeds)


def operation(deed: Deed) -> Operation[Any]:
    """The real operation of the desk for an act."""
    this_call = call_id(HOTLINE_PBX, deed.name)
    match deed.what:
        case "ring":
            return calls.answer(PbxCallEvent(HOTLINE_PBX, deed.name, "0900081502", "", NOON, NOON + 2_000))
        case "outcome":
            return calls.set_outcome(this_call, deed.words)
        case "draft":
            return drafts.keep(deed.name, FORM, "", {"summary": deed.words})
        case "discard":
            return drafts.discard(deed.name)
        case "report":
            form = {"summary": deed.words, "urgency": "high", "child_name": "Đặng Văn Hòa", "child_age": 7}
            return intake.save_report(form, this_call, draft_id=deed.draft or None)
        case _:
            raise ValueError(deed.what)


def held_after(deeds: Iterable[Deed]) -> Held:
    """What a store holds after exactly these acts."""
    held: Held = {}
    for deed in deeds:
        match deed.what:
            case "ring":
                held[f"call {deed.name}"] = "unclassified"
            case "outcome":
                held[f"call {deed.name}"] = deed.words
            case "draft":
                held[f"draft {deed.name}"] = deed.words
            case "discard":
                del held[f"draft {deed.name}"]
            case "report":
                held[f"call {deed.name}"] = "report_of_abuse"
                held[f"file {deed.words}"] = f"1 case, call {deed.name}"
                held.pop(f"draft {deed.draft}", None)
    return held


_CALLS = "SELECT uniqueid, outcome FROM r_call WHERE uniqueid IS NOT NULL"
_FILES = """SELECT t.summary, (SELECT count(*) FROM r_case k WHERE k.contact_id = t.id), c.uniqueid
FROM r_contact t JOIN r_call c ON c.id = t.call_id AND c.contact_id = t.id"""
_DRAFTS = "SELECT id, data FROM draft"


def held_by(connection: Connection, person: X25519PrivateKey = PERSON_KEY) -> Held:
    """What the store holds of such acts, read by own SQL; drafts as they open to `person`. Something there twice
    shows as its name with a mark."""
    found: list[tuple[str, str]] = []
    found += [(f"call {name}", outcome) for name, outcome in connection.exec_driver_sql(_CALLS)]
    for summary, cases, name in connection.exec_driver_sql(_FILES):
        found.append((f"file {summary}", f"{cases} case, call {name}"))
    for name, data in connection.exec_driver_sql(_DRAFTS):
        found.append((f"draft {name}", opened(person, name, data)[0]["summary"]))
    held: Held = {}
    for name, words in found:
        held[f"{name} AGAIN" if name in held else name] = words
    contacts = connection.exec_driver_sql("SELECT count(*) FROM r_contact").scalar_one()
    if contacts != sum(name.startswith("file ") for name in held):
        held["files without their call"] = str(contacts)
    return held


def acts_held(held: Held, deeds: Sequence[Deed], surely: int, perhaps: int) -> int | None:
    """How many of the acts this store holds, whole: at least those shown as saved, at most those begun; None
    where it holds anything else."""
    for count in range(perhaps, surely - 1, -1):
        if held_after(deeds[:count]) == held:
            return count
    return None


def difference(held: Held, deeds: Sequence[Deed]) -> str:
    """What is there against what these acts leave, for a person who looks for the fault."""
    wanted = held_after(deeds)
    return "; ".join(
        f"{name}: {held.get(name, 'nothing')[:40]} in place of {wanted.get(name, 'nothing')[:40]}"
        for name in sorted(held.keys() | wanted.keys())
        if held.get(name) != wanted.get(name)
    )
