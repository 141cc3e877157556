"""Who works at the hotline, as the centre writes it down: roles, desks, what is theirs, what they keep away from."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from domain.records.staff import Staff, record_of
from server.operations import need_to_know, person_keys
from server.operations.centre import Centre, News, log
from server.store import staffed
from server.store.engine import Connection
from sync.operation import CREATE, PATCH
from sync.replica import read, scopes


class NobodyOfThatName(Exception):
    """There is no such member of staff."""

    def __init__(self) -> None:
        super().__init__("Không có nhân viên mang mã này: hãy xem lại mã bằng lệnh staff.")


class NotInTheList(ValueError):
    """A role, book or centre that the hotline does not have."""

    def __init__(self) -> None:
        super().__init__("Vai trò, sổ hoặc trung tâm này không có trong danh mục: hãy xem tệp roles.toml.")


def write(centre: Centre, staff: str, /, **values: Any) -> Staff:
    """Write these fields of a member of staff, the record itself where there is none yet, and decide anew which desk
    holds what. Answers the record as it stands. Raises NotInTheList, StoreUnavailable."""
    policy = centre.policy
    roles, books = set(values.get("roles", ())), set(values.get("books", ()))
    places = {one for region in policy.regions.values() for one in region}
    if not roles <= policy.roles.keys() or not books <= policy.books.keys():
        raise NotInTheList
    if values.get("centre") is not None and values["centre"] not in places:
        raise NotInTheList

    def job(connection: Connection) -> tuple[Staff, News]:
        stored = read.one(connection, "staff", record_of(staff))
        if stored is None:
            record = replace(Staff(id=record_of(staff), staff=staff), **values)
            folded = centre.author(connection, scopes.REFERENCE, [record], CREATE)
        else:
            different = {name: value for name, value in values.items() if getattr(stored.record, name) != value}
            if not different:
                return stored.record, News()
            folded = centre.change(connection, stored, different, PATCH)
        told = need_to_know.follow(centre, connection, folded)
        told = told.with_more(person_keys.take(centre, connection, [staff]))
        now = read.one(connection, "staff", record_of(staff))
        assert now is not None, "it was written just now"
        return now.record, told.with_more(News(audiences=frozenset({scopes.REFERENCE})))

    record, news = centre.lane.do(job)
    if centre.publish is not None:
        centre.publish(news)
    log.info("staff record written, %d audiences told", len(news.audiences))
    return record


def leave(centre: Centre, staff: str) -> Staff:
    """Somebody works here no more: nothing is open to them from now on. Raises NobodyOfThatName, StoreUnavailable."""
    if centre.read(lambda c: read.one(c, "staff", record_of(staff))) is None:
        raise NobodyOfThatName
    return write(centre, staff, ended_at=centre.now_ms())


def listed(connection: Connection) -> list[Staff]:
    """Everybody, by staff id."""
    return sorted(staffed.records(connection), key=lambda one: one.staff or "")


FIELDS = tuple(one.name for one in fields(Staff) if one.name not in ("id", "staff"))
"""What can be written of a member of staff."""
