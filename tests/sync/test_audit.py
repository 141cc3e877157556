"""S-28: whatever is done to the rows of an audit chain behind the program's back is found from the rows alone."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.records.audit import ACTIONS, AuditCut, AuditEntry, AuditNote
from sync import audit
from sync.audit import Countersigned, Head, Said
from sync.door import cut_claim
from sync.wire import text64

SEED = 28
LENGTH = 40
MUTATIONS = ("edit", "cut out", "cut off", "insert", "reorder", "restamp", "reword", "unword", "repeat")
FIELDS = ("id", "device", "incarnation", "n", "at", "actor", "action", "object_kind", "object_id", "level", "sealed",
          "previous", "link")  # fmt: skip


def chain(length: int, device: str = "may-1") -> tuple[list[AuditEntry], dict[str, AuditNote]]:
    """A chain as a desk writes it; every third entry has words."""
    entries: list[AuditEntry] = []
    notes: dict[str, AuditNote] = {}
    head = Head()
    actions = sorted(ACTIONS)
    for i in range(length):
        words = f"Lý do số {i}" if i % 3 == 0 else ""
        said = Said(f"tvv-{i % 4}", actions[i % len(actions)], "case", f"ca-{i}", "P3", words)
        salt = bytes([i]) * audit.SALT_BYTES
        entry, note = audit.write(said, device, 1, 1_000 + i, head, f"muc-{i}", lambda _count, salt=salt: salt)  # type: ignore[misc]  # binds the loop's value
        head = Head(entry.n or 0, entry.link or "")
        entries.append(entry)
        if note is not None:
            notes[note.id] = note
    return entries, notes


def relinked(entries: list[AuditEntry], start: int) -> None:
    """Every hash from this place on computed anew, as whoever knows the rule would."""
    for i in range(start, len(entries)):
        before = entries[i - 1].link if i else Head().link
        entries[i] = replace(entries[i], previous=before, n=i + 1)
        entries[i] = replace(entries[i], link=audit.link_of(entries[i]))


def mutated(
    kind: str, dice: random.Random, entries: list[AuditEntry], notes: dict[str, AuditNote]
) -> tuple[list[AuditEntry], dict[str, AuditNote]]:
    """The rows after one act of somebody with the store's key in their hands."""
    entries, notes = list(entries), dict(notes)
    place = dice.randrange(len(entries))
    noted = dice.choice(sorted(notes))
    if kind == "edit":
        name = dice.choice(FIELDS)
        held = getattr(entries[place], name)
        words = (None, f"{held}x", "ab")
        other: Any = held + dice.choice((-1, 1, 1_000)) if isinstance(held, int) else dice.choice(words)
        changed: dict[str, Any] = {name: other if other != held else "cd"}
        entries[place] = replace(entries[place], **changed)
    elif kind == "cut out":
        del entries[place]
    elif kind == "cut off":
        del entries[place:]
    elif kind == "insert":
        before = entries[place - 1] if place else None
        forged = replace(
            entries[place], id=f"gia-{dice.random()}", actor="khac", previous=before.link if before else Head().link
        )
        entries.insert(place, replace(forged, link=audit.link_of(forged)))
        if dice.random() < 0.5:
            relinked(entries, place)
    elif kind == "reorder":
        other_place = (place + dice.randrange(1, len(entries))) % len(entries)
        one, two = entries[place], entries[other_place]
        entries[place] = replace(two, n=one.n, previous=one.previous, link=one.link)
        entries[other_place] = replace(one, n=two.n, previous=two.previous, link=two.link)
    elif kind == "restamp":
        entries[place] = replace(entries[place], actor="khac")
        relinked(entries, place)
    elif kind == "reword":
        field = dice.choice(("words", "salt"))
        notes[noted] = replace(notes[noted], **{field: "00"})
    elif kind == "unword":
        del notes[noted]
    else:
        entries.append(entries[place])
    return entries, notes


@pytest.mark.soak("audit")
def test_every_change_of_a_chain_behind_the_programs_back_is_found(rounds: Callable[[int], int]) -> None:
    entries, notes = chain(LENGTH)
    last = entries[-1]
    receipts = [Countersigned("may-1", last.n or 0, last.link or "")]
    dice = random.Random(SEED)
    missed: dict[str, int] = {}
    for turn in range(rounds(10_000)):
        kind = MUTATIONS[turn % len(MUTATIONS)]
        rows, words = mutated(kind, dice, entries, notes)
        dice.shuffle(rows)
        found = audit.verify(rows, words, receipts)
        if all(one.whole for one in found.values()):
            missed[kind] = missed.get(kind, 0) + 1
    print(f"audit: {rounds(10_000) - sum(missed.values())} of {rounds(10_000)} found (seed {SEED})")
    assert missed == {}


def test_an_untouched_chain_is_whole_in_any_order_and_words_erased_by_order_break_nothing() -> None:
    entries, notes = chain(LENGTH)
    last = entries[-1]
    receipts = [Countersigned("may-1", 7, entries[6].link or ""), Countersigned("may-1", LENGTH, last.link or "")]
    del notes["muc-3"]
    random.Random(SEED).shuffle(entries)
    found = audit.verify(entries, notes, receipts, erased={"muc-3"})["may-1"]
    assert (found.whole, found.entries, found.head.n, found.erased) == (True, LENGTH, LENGTH, 1), found.broken


def test_without_its_receipt_a_chain_whose_end_was_cut_off_looks_whole() -> None:
    entries, notes = chain(LENGTH)
    cut = entries[:-5]
    assert audit.verify(cut, notes)["may-1"].whole, "an unkeyed chain cannot know: the receipt is what finds it"
    receipt = Countersigned("may-1", LENGTH, entries[-1].link or "")
    assert not audit.verify(cut, notes, [receipt])["may-1"].whole
    assert not audit.verify([], {}, [receipt])["may-1"].whole


CENTRE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = CENTRE.public_key().public_bytes_raw()
CUTS = ("further", "without a mark", "by another's key", "of another desk", "moved", "an older mark", "put back")
"""What somebody may try who wants the beginning of a chain gone, or wants something to have stood there."""


def cut_at(entry: AuditEntry, key: Ed25519PrivateKey = CENTRE) -> AuditCut:
    """The mark behind which a chain begins that was cut up to this entry."""
    device, n, link = entry.device or "", entry.n or 0, entry.link or ""
    signature = text64(key.sign(cut_claim(device, n, link, 77)))
    return AuditCut(id=f"cut-{device}", device=device, n=n, link=link, at=77, signature=signature)


def cut_wrongly(
    kind: str, dice: random.Random, whole: list[AuditEntry], start: int
) -> tuple[list[AuditEntry], list[AuditCut]]:
    """A chain that was cut at `start`, and its mark, after one act of somebody with the store's key. In every case
    what is left hangs together by itself."""
    entries, mark = whole[start:], cut_at(whole[start - 1])
    further = dice.randrange(1, len(entries))
    wanted = entries[further - 1]
    if kind == "further":
        return entries[further:], [mark]
    if kind == "without a mark":
        return entries, []
    if kind == "by another's key":
        return entries[further:], [cut_at(wanted, Ed25519PrivateKey.generate())]
    if kind == "of another desk":
        others, _ = chain(LENGTH + 5, "may-2")
        if dice.random() < 0.5:  # nothing is left, and the mark is later than all that was countersigned
            return [], [replace(cut_at(others[-1]), device="may-1")]
        stolen = cut_at(others[start + further - 1])
        return entries[further:], [dice.choice((stolen, replace(stolen, device="may-1", link=wanted.link)))]
    if kind == "moved":
        both = {"n": wanted.n, "link": wanted.link}
        to: dict[str, Any] = dice.choice(
            (both, {"n": wanted.n}, {"link": wanted.link}, {"at": 78}, {"signature": ""})
        )
        return entries[further if "n" in to else 0 :], [replace(mark, **to)]
    if kind == "an older mark":
        return entries, [cut_at(whole[dice.randrange(start - 1)])]
    first = dice.randrange(start)
    genuine, forged = whole[first:start], []
    before = whole[first - 1].link if first else Head().link
    for one in genuine:
        made = replace(one, actor="khac", previous=before)
        before = audit.link_of(made)
        forged.append(replace(made, link=before))
    return [*(genuine if dice.random() < 0.5 else forged), *entries], [mark]


def test_a_chain_that_the_centre_cut_is_whole_and_a_head_signed_before_the_cut_is_vouched_for_by_it() -> None:
    entries, notes = chain(LENGTH)
    for start in (1, 7, LENGTH):
        mark = cut_at(entries[start - 1])
        left = entries[start:]
        signed = [Countersigned("may-1", one.n or 0, one.link or "") for one in (entries[0], entries[start - 1])]
        last = Countersigned("may-1", LENGTH, entries[-1].link or "")
        found = audit.verify(left, notes, [*signed, last], cuts=[mark], key=PUBLIC)["may-1"]
        assert found.whole, found.broken
        assert (found.cut, found.entries, found.head) == (start, LENGTH - start, Head(LENGTH, entries[-1].link or ""))
        other = [Countersigned("may-1", start, "ab" * 32)]
        assert not audit.verify(left, notes, other, cuts=[mark], key=PUBLIC)["may-1"].whole
        assert not audit.verify(left[:-1], notes, [last], cuts=[mark], key=PUBLIC)["may-1"].whole or start == LENGTH


@pytest.mark.soak("audit")
def test_every_change_of_a_chain_that_was_cut_is_found_and_every_cut_that_the_centre_did_not_make(
    rounds: Callable[[int], int],
) -> None:
    whole, words = chain(LENGTH)
    last = whole[-1]
    receipts = [Countersigned("may-1", last.n or 0, last.link or "")]
    dice = random.Random(SEED)
    kinds = (*MUTATIONS, *CUTS)
    missed: dict[str, int] = {}
    for turn in range(rounds(10_000)):
        kind, start = kinds[turn % len(kinds)], dice.randrange(2, LENGTH - 5)
        notes = {name: one for name, one in words.items() if name in {entry.id for entry in whole[start:]}}
        if kind in CUTS:
            (rows, cuts), notes = cut_wrongly(kind, dice, whole, start), words
        else:
            cuts = [cut_at(whole[start - 1])]
            rows, notes = mutated(kind, dice, whole[start:], notes)
        dice.shuffle(rows)
        found = audit.verify(rows, notes, receipts, cuts=cuts, key=PUBLIC)
        if all(one.whole for one in found.values()):
            missed[kind] = missed.get(kind, 0) + 1
    print(f"cut chains: {rounds(10_000) - sum(missed.values())} of {rounds(10_000)} found (seed {SEED})")
    assert missed == {}


def test_two_devices_have_a_chain_each_and_a_copied_desk_shows_as_two_entries_in_one_place() -> None:
    mine, words = chain(9)
    others, _ = chain(5, "may-2")
    others = [replace(one, id=f"{one.id}-2") for one in others]
    relinked(others, 0)
    found = audit.verify([*mine, *others])
    assert {device: (one.entries, one.whole) for device, one in found.items()} == {
        "may-1": (9, True),
        "may-2": (5, True),
    }
    said = Said("tvv-1", "open", "case", "ca-x", "P3")
    before = Head(8, mine[7].link or "")
    double, _ = audit.write(said, "may-1", 2, 5, before, "muc-doi", bytes)
    assert audit.verify([*mine, double], words)["may-1"].broken == [
        "9: a second entry in one place (a copied or restored desk)"
    ]


def test_an_act_without_a_name_in_the_list_is_not_written() -> None:
    with pytest.raises(ValueError, match="no such audited action"):
        audit.write(Said("tvv-1", "think"), "may-1", 1, 1, Head(), "muc", bytes)
