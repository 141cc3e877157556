"""What a person does to close a case to all but a few: restrict it with a reason, let a colleague in, put one out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from desktop.operations.values import ranks_of
from desktop.store.case_keys import case_keys_of, shares_for
from desktop.store.case_lock import Given, is_unannounced
from desktop.store.troubles import NotFound
from desktop.store.unit_of_work import Operation, UnitOfWork
from domain.records.case_key import CaseReader, PersonKey, person_key_of
from domain.records.kinds import KINDS, SCHEMA
from domain.records.note import Note
from domain.records.sealed import SEALED_FIELDS, is_sealed
from domain.text import nfc
from sync.merge import FieldState
from sync.operation import PATCH, Body
from sync.replica import read, scopes, sql, tables
from sync.replica.read import Stored
from sync.replica.rows import state_of
from sync.troubles import Trouble

SHORTEST: Final = 10
"""Characters a reason has at least: "vì cần" is none."""


class NoReason(Trouble):
    """A case is restricted for a reason that others can weigh."""

    advice = "Chị/anh ghi lý do giới hạn (từ 10 ký tự) để người có quyền hiểu vì sao ca này được khóa riêng."


class NoKeyOfTheirs(Trouble):
    """Nobody can seal to a person whose key is not known."""

    advice = (
        "Chưa có khóa của người này. Nhờ họ đăng nhập máy của mình một lần khi có mạng, hoặc thêm họ vào máy này, "
        "rồi chị/anh trao lại."
    )


class NotYours(Trouble):
    """Only who holds a case's key can hand it on."""

    advice = "Chị/anh chưa được trao khóa của ca này nên chưa trao tiếp được. Nhờ người phụ trách ca trao khóa."


def restrict(case_id: str, reason: str) -> Operation[None]:
    """Close a case: from now on every word of it is sealed under a key of its own, and what stands is sealed anew.
    The reason becomes a note. Once restricted it stays so. Raises NoReason, NotFound."""

    def operation(uow: UnitOfWork) -> None:
        words = nfc(reason).strip()
        if len(words) < SHORTEST:
            raise NoReason
        known = uow.read("case", case_id)
        if known is None or known.record.contact_id is None:
            raise NotFound
        act = uow.act()
        flag = {"restricted": True}
        act.change("case", case_id, known.scope, known.state, flag, ranks=ranks_of("case", flag))
        note = Note(
            id=uow.new_id(), case_id=case_id, contact_id=known.record.contact_id, text=words, author=uow.staff,
            written_at=uow.now_ms,
        )  # fmt: skip
        act.create(known.scope, note)
        uow.write(act)
        seal_what_stands(uow, known.scope)

    return operation


def restrict_to(case_id: str, reason: str, staff: Iterable[str]) -> Operation[None]:
    """Close a case to all but these colleagues (and who reads by office): whole, or not at all where the key of one
    of them is not known. Raises what `restrict` and `let_in` raise."""

    def operation(uow: UnitOfWork) -> None:
        restrict(case_id, reason)(uow)
        for one in staff:
            let_in(case_id, one)(uow)

    return operation


def let_in(case_id: str, staff: str) -> Operation[None]:
    """Hand a restricted case to a colleague by name: they work on it from now on, and every key that opens here is
    sealed to them. Raises NotFound, NoKeyOfTheirs, NotYours."""

    def operation(uow: UnitOfWork) -> None:
        known = _case(uow, case_id)
        contact = known.record.contact_id
        lock = uow.lock(contact)
        publics = lock.known(staff)
        if not publics:
            raise NoKeyOfTheirs
        keys = {number: lock.key(number) for number in lock.numbers}
        if not any(keys.values()):
            raise NotYours
        act = uow.act()
        if not any(one.record.staff == staff for one in readers(uow, contact)):
            record = CaseReader(
                id=uow.new_id(), contact_id=contact, staff=staff, given_by=uow.staff, given_at=uow.now_ms
            )
            act.create(known.scope, record)
        for number, key in keys.items():
            there = {share.opens_with for share in lock.shares if share.number == number}
            lacking = frozenset(one for one in publics if one.hex() not in there)
            if key is not None and lacking:
                made = shares_for(number, key, contact, {staff: lacking}, ())
                uow.give(act, known.scope, [Given(number, one) for one in made])
        uow.write(act)

    return operation


def put_out(case_id: str, staff: str) -> Operation[None]:
    """Take a colleague's place in the case back: what is written from now on is sealed under a key they do not get.
    What they could read they have read. Raises NotFound, NotYours."""

    def operation(uow: UnitOfWork) -> None:
        known = _case(uow, case_id)
        contact = known.record.contact_id
        lock = uow.lock(contact)
        if not any(lock.key(number) for number in lock.numbers):
            raise NotYours
        act = uow.act()
        for one in readers(uow, contact):
            if one.record.staff == staff:
                ended = {"ended_by": uow.staff, "ended_at": uow.now_ms}
                act.change("case_reader", one.id, one.scope, one.state, ended)
        uow.write(act)
        renewed = uow.act()
        uow.give(renewed, known.scope, uow.lock(contact).to_write(uow.new_id()).given)
        uow.write(renewed)

    return operation


def hand_on(contacts: Iterable[str]) -> Operation[int]:
    """Give the keys of these files that open here to whoever the centre's records make a reader and has them not;
    answers how many files that were. Asked for (`case_lock.lacking`) at sign-in and when rights have changed."""

    def operation(uow: UnitOfWork) -> int:
        done = 0
        for contact in contacts:
            given = uow.lock(contact).missing()
            scope = _scope_of(uow, contact)
            if given and scope:
                act = uow.act()
                uow.give(act, scope, given)
                uow.write(act)
                done += 1
        return done

    return operation


def announce(uow: UnitOfWork) -> bool:
    """Tell the centre the public key that whoever is signed in has at this desk, where their record names the desk
    and another key or none; answers whether there was anything to tell. The centre believes only a first one."""
    keys = case_keys_of(uow.connection)
    if keys is None or not is_unannounced(uow.connection, uow.seat.seat_code, uow.seat.device):
        return False
    public, known = keys.public.hex(), uow.read("person_key", person_key_of(uow.staff, uow.seat.device))
    act = uow.act()
    if known is None:
        said = PersonKey(
            id=person_key_of(uow.staff, uow.seat.device), staff=uow.staff, device=uow.seat.device, public=public
        )
        act.create(scopes.centre(uow.seat.centre), said)
    else:
        act.change("person_key", known.id, known.scope, known.state, {"public": public})
    uow.write(act)
    return True


def readers(uow: UnitOfWork, contact: str) -> list[Stored]:
    """Who was let in by name and still is."""
    found = read.where(uow.connection, "case_reader", "contact_id", contact)
    return [one for one in found if one.retracted is None and one.record.ended_at is None]


def seal_what_stands(uow: UnitOfWork, scope: str) -> None:
    """Write everything of a dossier that lies there in words once more, sealed. Values that stand beside each other
    go on doing so, in their order: each is replaced by itself."""
    layers: dict[int, dict[tuple[str, str, str], dict[str, tuple[Any, list[str], int]]]] = {}
    for kind in SEALED_FIELDS:
        for row in sql.select_in(uow.connection, tables.records[kind], "scope", [scope]):
            state = state_of(KINDS[kind], row)
            for field in SEALED_FIELDS[kind]:
                for depth, group in enumerate(_groups(state.get(field))):
                    place = (kind, row["id"], str(KINDS[kind].fields[field].data_class))
                    layers.setdefault(depth, {}).setdefault(place, {})[field] = group
    for depth in sorted(layers, reverse=True):  # what is shown now is written last, so that it still is
        act = uow.act()
        act.bodies += [_anew(act.stamp, uow.staff, scope, *one) for one in sorted(layers[depth].items())]
        uow.write(act)


def _groups(held: FieldState | None) -> Iterable[tuple[Any, list[str], int]]:
    """Words of a field with the versions that say them and their rank: what is shown first."""
    if held is None:
        return ()
    said: dict[str, tuple[list[str], int]] = {}
    for version, head in sorted(held.heads.items(), key=lambda one: (one[1].rank, one[0]), reverse=True):
        if isinstance(head.value, str) and not is_sealed(head.value):
            versions, rank = said.get(head.value, ([], head.rank))
            said[head.value] = ([*versions, version], rank)
    return [(words, sorted(versions), rank) for words, (versions, rank) in said.items()]


def _anew(
    stamp: str,
    staff: str,
    scope: str,
    place: tuple[str, str, str],
    fields: Mapping[str, tuple[Any, list[str], int]],
) -> Body:
    kind, record, data_class = place
    return Body(
        kind=kind,
        id=record,
        scope=scope,
        data_class=data_class,
        action=PATCH,
        staff=staff,
        schema=SCHEMA,
        stamp=stamp,
        values={field: words for field, (words, _, _) in fields.items()},
        bases={field: versions for field, (_, versions, _) in fields.items()},
        ranks={field: rank for field, (_, _, rank) in fields.items() if rank},
    )


def _case(uow: UnitOfWork, case_id: str) -> Stored:
    known = uow.read("case", case_id)
    if known is None or known.record.contact_id is None:
        raise NotFound
    return known


def _scope_of(uow: UnitOfWork, contact: str) -> str:
    known = uow.read("contact", contact)
    return known.scope if known is not None else ""
