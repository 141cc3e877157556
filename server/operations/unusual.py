"""Too much at once: who opens many files in an hour or exports often in a day is noted for who leads them (S-08)."""

from __future__ import annotations

from typing import Final

from domain.ids import derived_id
from domain.records.road import Review
from domain.records.staff import record_of
from domain.rules.privacy import Decision, Thing, may, person_of
from domain.rules.unusual import RULES, Done, Rule, unusual
from server.operations.centre import Centre, News, log
from server.store import acts, granted
from server.store.engine import Connection
from sync.operation import APPEND, PATCH
from sync.replica import read, scopes
from sync.replica.changes import Folded

_ALLOWED: Final = frozenset({Decision.ALLOWED, Decision.LOGGED})


class NoSuchNote(Exception):
    """There is no such note."""

    def __init__(self) -> None:
        super().__init__("Không có ghi nhận này: hãy xem lại mã bằng lệnh unusual.")


class MayNotLook(Exception):
    """This person's roles do not read that centre's audit entries, or the note is about themselves."""

    def __init__(self) -> None:
        super().__init__("Người này không được xem nhật ký của trung tâm đó, hoặc ghi nhận là về chính họ.")


def follow(centre: Centre, connection: Connection, folded: Folded) -> News:
    """Note what became too much with the entries that came now, each time once: in the scope of the entry with which
    it did, for the centre's desks. Entries of a desk that was long without a line count by when they were made."""
    news = News()
    for (rule, actor), times in _came(folded).items():
        first, last = min(times) - rule.window_ms, max(times) + rule.window_ms
        known = acts.noted(connection, rule, actor)
        for one in unusual(rule, acts.done(connection, rule, actor, first, last)):
            if all(abs(one.at - before) >= rule.window_ms for before in known):
                known.append(one.at)
                news = news.with_more(_note(centre, connection, rule, actor, one))
    return news


def _came(folded: Folded) -> dict[tuple[Rule, str], list[int]]:
    """When (UTC ms) which person did what a rule counts, by the entries that came now."""
    came: dict[tuple[Rule, str], list[int]] = {}
    for change in folded.changes:
        row = change.after
        if change.kind == "audit_entry" and change.before is None and row is not None and row.get("actor"):
            for rule in RULES:
                if row.get("action") == rule.action and row.get("at") is not None:
                    came.setdefault((rule, str(row["actor"])), []).append(int(row["at"]))
    return came


def seen(centre: Centre, note: str, staff: str) -> News:
    """This person has looked at the note. Raises NoSuchNote, MayNotLook, StoreUnavailable."""

    def job(connection: Connection) -> News:
        stored = read.one(connection, "review", note)
        if stored is None or stored.record.about_kind != acts.PERSON:
            raise NoSuchNote
        record = read.one(connection, "staff", record_of(staff))
        if record is None or record.retracted is not None or staff == stored.record.about:
            raise MayNotLook
        person = person_of(centre.policy, staff, "", record.record)
        thing = Thing(stored.scope.removeprefix(scopes.CENTRE))
        if may(centre.policy, person, "read_audit", thing) not in _ALLOWED:
            raise MayNotLook
        folded = centre.change(connection, stored, {"seen_by": staff, "seen_at": centre.now_ms()}, PATCH)
        return _told(connection, stored.scope, folded)

    news = centre.lane.do(job)
    if centre.publish is not None:
        centre.publish(news)
    return news


def _note(centre: Centre, connection: Connection, rule: Rule, actor: str, one: Done) -> News:
    entry = read.one(connection, "audit_entry", one.entry)
    assert entry is not None, "it was counted just now"
    record = Review(
        id=derived_id("unusual", rule.reason, actor, one.entry),
        about_kind=acts.PERSON, about=actor, reason=rule.reason, device=entry.record.device, noted_at=one.at,
    )  # fmt: skip
    log.warning("unusual: %s device=%s", rule.reason, entry.record.device)
    return _told(connection, entry.scope, centre.author(connection, entry.scope, [record], APPEND))


def _told(connection: Connection, scope: str, folded: Folded) -> News:
    granted.follow(connection, folded.deltas)
    homes = scopes.homes(connection, [scope])
    return News(frozenset(homes.values()), granted.holders(connection, [scope]))
