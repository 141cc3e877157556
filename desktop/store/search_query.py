"""Searching: names without tones, numbers by their last digits, codes in any spelling; each hit says why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any, Final

import msgspec
from sqlalchemy import Connection

from desktop.store.sight import SHOWN, Sight, sight_of
from domain.clock import date_text, vn_date
from domain.phones import display, last_digits, tail_query
from domain.records.sealed import is_sealed
from domain.rules.privacy import Decision, masks
from domain.text import fold, fts_expression, nfc, shorten

_WORD: Final = re.compile(r"[^\W_]+")
_NUMBER: Final = re.compile(r"[\d\s.+()\-]+")
_SEPARATORS: Final = re.compile(r"[^0-9A-Za-z]+")
_LEAST_DIGITS: Final = 4
_LEAST_FILTERED: Final = 3
_TITLE: Final = 60
_END: Final = "\U0010ffff"

_FILTER: Final = re.compile(r"(?:^|(?<=\s))(tên|ten|sđt|sdt|từ|tu)\s*:", re.IGNORECASE)
_NAME, _PHONE, _PROSE, _ANY = "ten", "sdt", "tu", ""
_FILTERED: Final = 2_000
"""How many of the newest hits of each filter are held against each other."""

_LOOKED_AT: Final = 500
"""How many hits are looked through for a person who may not see all of them."""

CONTENT: Final = "nội dung hồ sơ"
"""Why a file was found by its words: to somebody who may not read them, such a hit would confirm them."""

_ROLES: Final = {"child": "tên trẻ", "caller": "tên người gọi", "reporter": "tên người báo tin"}


@dataclass(frozen=True, slots=True)
class SearchHit:
    """One thing found: kind person, contact, case or call; where it opens; why it was found (Vietnamese).

    `at_ms` is when the file was received or the call rang (UTC ms, 0 where unknown).
    """

    kind: str
    id: str
    contact_id: str | None
    case_id: str | None
    title: str
    subtitle: str
    reason: str
    at_ms: int
    masked: bool = False


@dataclass(slots=True)
class _Found:
    kind: str
    record: str
    contact: str | None
    reason: str
    title: str = ""
    at_ms: int = 0


def find(connection: Connection, query: str, limit: int = 50) -> list[SearchHit]:
    """What fits a query, best first: codes, numbers, names as typed, names without tones, words of the content.

    Every word must fit, the last as a beginning. At least four digits look for the end of a number. An empty
    query finds nothing. Answers within 100 ms at 1,000,000 calls and 100,000 files.

    `tên:`, `sđt:` and `từ:` (also without tones) look only for names, for the end of a number (three digits at
    least) and for words of the content, up to the next filter; a dossier must fit all of them.
    """
    parts = _parts(nfc(query).strip())
    sight = sight_of(connection)
    if len(parts) == 1:
        return _of_part(connection, parts[0], sight, limit)
    first, *others = (_of_part(connection, part, sight, _FILTERED) for part in parts)
    wanted = set.intersection(*({hit.contact_id for hit in hits} for hits in others)) - {None}
    fitting: dict[str | None, SearchHit] = {}
    for hit in first:
        if hit.contact_id in wanted:
            fitting.setdefault(hit.contact_id, hit)
    return list(fitting.values())[:limit]


def _parts(typed: str) -> list[tuple[str, str]]:
    """Filter and text, in the order typed; text before the first filter looks everywhere."""
    pieces = _FILTER.split(typed)
    found = [(_ANY, pieces[0].strip())]
    found += [(fold(name), text.strip()) for name, text in zip(pieces[1::2], pieces[2::2], strict=True)]
    return [part for part in found if part[1]] or [(_ANY, "")]


def _of_part(connection: Connection, part: tuple[str, str], sight: Sight | None, limit: int) -> list[SearchHit]:
    hits = _shown(connection, _places(connection, part, limit))
    if sight is None:
        return hits
    seen = _seen(connection, sight, hits, limit)
    if len(seen) == len(hits) or limit >= _LOOKED_AT:
        return seen
    # Some of the first hits are not for this person: more are looked through. Most people see all, and wait less.
    return _seen(connection, sight, _shown(connection, _places(connection, part, _LOOKED_AT)), limit)


def _places(connection: Connection, part: tuple[str, str], most: int) -> list[_Found]:
    found: dict[tuple[str, str], _Found] = {}
    for one in _all(connection, *part, most):
        found.setdefault((one.kind, one.record), one)
        if len(found) >= most:
            break
    return list(found.values())


def _seen(connection: Connection, sight: Sight, hits: list[SearchHit], limit: int) -> list[SearchHit]:
    """What the person may find, masked where they may only know that it is there: initials, no words of the
    content, a number by its ends. What is restricted is found by those who work on it, and by nobody else."""
    things = sight.things(hit.contact_id for hit in hits)
    calls = _rows(connection, _CALLS, [hit.id for hit in hits if hit.contact_id is None])
    seen: list[SearchHit] = []
    for hit in hits:
        if hit.contact_id is not None:
            thing = things.get(hit.contact_id)
            hidden = thing is None or sight.is_closed(hit.contact_id)
            said = Decision.NONE if thing is None or hidden else sight.may("search", thing)
        else:
            said = sight.of_call(calls[hit.id]) if hit.id in calls else Decision.NONE
        if said in SHOWN:
            seen.append(hit)
        elif said is Decision.MASKED and hit.reason != CONTENT:
            title = masks.name(hit.title) if hit.contact_id is not None else masks.phone(hit.title)
            seen.append(replace(hit, title=title, masked=True))
        if len(seen) >= limit:
            break
    return seen


def _all(connection: Connection, filtered: str, typed: str, limit: int) -> Iterable[_Found]:
    if not typed:
        return
    if filtered == _ANY:
        yield from _by_code(connection, typed, limit)
    least = _LEAST_FILTERED if filtered == _PHONE else _LEAST_DIGITS
    digits = _NUMBER.fullmatch(typed) and sum(c.isdecimal() for c in typed) >= least
    if digits and filtered in (_ANY, _PHONE):
        yield from _by_number(connection, typed, limit)
    if any(c.isalpha() for c in typed) and filtered != _PHONE:
        yield from _by_words(connection, typed, limit, filtered)


def _by_code(connection: Connection, typed: str, limit: int) -> Iterable[_Found]:
    key = _SEPARATORS.sub("", typed).upper()
    digits = sum(c.isdecimal() for c in key)
    if len(key) < 3 or digits < 2:
        return
    rows = connection.exec_driver_sql(
        # In the order of the keys themselves: a prefix that fits 100,000 codes is not sorted, the last ones are read.
        "SELECT kind, record FROM search_code WHERE key >= ? AND key < ? ORDER BY key DESC, record DESC LIMIT ?",
        (key, key + _END, limit),
    )
    for kind, record in sorted(rows.all(), key=itemgetter(0)):
        yield _Found(kind, record, None, "mã ca" if kind == "case" else "mã hồ sơ")


def _by_number(connection: Connection, typed: str, limit: int) -> Iterable[_Found]:
    tail = tail_query(typed)
    rows = connection.exec_driver_sql(
        "SELECT p.kind, p.record, coalesce(c.contact_id, substr(h.scope, instr(h.scope, ':') + 1)) AS contact,"
        " coalesce(c.number, h.number) AS number, coalesce(c.ring_at, 0) AS at_ms FROM search_phone p"
        " LEFT JOIN r_call c ON p.kind = 'call' AND c.id = p.record"
        " LEFT JOIN r_phone h ON p.kind = 'phone' AND h.id = p.record"
        " WHERE p.tail >= ? AND p.tail < ? ORDER BY contact IS NULL, at_ms DESC, p.record DESC LIMIT ?",
        (tail, tail + _END, limit * 2),
    )
    for kind, record, contact, number, at_ms in rows.all():
        reason = f"số điện thoại kết thúc {last_digits(number, max(_LEAST_DIGITS, min(len(tail), 6)))}"
        if contact is not None:
            yield _Found("contact", contact, contact, reason)
        elif kind == "call":
            yield _Found("call", record, None, reason, display(number), at_ms)


def _by_words(connection: Connection, typed: str, limit: int, filtered: str) -> Iterable[_Found]:
    words = _WORD.findall(typed.lower())
    exact = " AND ".join(f'"{word}"' for word in words) + "*" if words else ""
    names = [f"exact : ({exact})" if exact else "", fts_expression(typed, "name")]
    tries = [*(names if filtered != _PROSE else ()), *([fts_expression(typed, "prose")] if filtered != _NAME else ())]
    for expression in tries:
        if not expression:
            continue
        rows = connection.exec_driver_sql(
            "SELECT e.kind, e.record, e.contact FROM search_text t JOIN search_entry e ON e.no = t.rowid"
            " WHERE search_text MATCH ? ORDER BY t.rowid DESC LIMIT ?",
            (expression, limit),
        )
        for kind, record, contact in rows.all():
            yield _Found(kind, record, contact, CONTENT if kind == "contact" else "tên")


def _shown(connection: Connection, found: list[_Found]) -> list[SearchHit]:
    people = _rows(connection, _PEOPLE, [f.record for f in found if f.kind in ("person", "alias")])
    cases = _rows(connection, _CASES, [f.record for f in found])
    for one in found:
        if one.kind == "contact":
            one.contact = one.record
        elif one.kind == "case":
            one.contact = cases[one.record]["contact_id"] if one.record in cases else None
        elif one.record in people:
            person = people[one.record]
            one.title = person["name"]
            one.reason = "tên gọi khác" if one.kind == "alias" else _ROLES.get(person["role"] or "", "tên")
    files = _rows(connection, _FILES, [f.contact for f in found if f.contact is not None])
    return [_hit(one, files) for one in found]


def _hit(one: _Found, files: Mapping[str, Any]) -> SearchHit:
    file = files.get(one.contact or "")
    if file is None:
        when = date_text(vn_date(one.at_ms)) if one.at_ms else ""
        return SearchHit(one.kind, one.record, one.contact, None, one.title, when, one.reason, one.at_ms)
    said = [one.title, file["child"], file["caller"], file["summary"]]  # of a restricted case only the code is told
    title, child, caller, summary = ("" if is_sealed(words) else words or "" for words in said)
    title = title or child or caller or shorten(" ".join(summary.split()), _TITLE)
    at_ms = file["received_at"] or 0
    parts = [file["case_code"], file["code"], date_text(vn_date(at_ms)) if at_ms else None]
    subtitle = " · ".join(part for part in parts if part)
    return SearchHit(
        one.kind, one.record, one.contact, file["case_id"], title or file["code"] or "", subtitle, one.reason, at_ms
    )


_PEOPLE: Final = """
SELECT s.id, s.name,
  (SELECT y.role FROM r_party y WHERE y.person_id = s.person ORDER BY y.role <> 'child', y.role LIMIT 1) AS role
FROM (SELECT id, full_name AS name, id AS person FROM r_person UNION ALL
      SELECT id, name, person_id FROM r_alias) s
WHERE s.id IN (SELECT value FROM json_each(?))"""
"""Name and role by the id of a person or of another name."""

_FILES: Final = """
SELECT t.id, t.code, t.received_at, t.summary, k.id AS case_id, k.code AS case_code,
  (SELECT p.full_name FROM r_party y JOIN r_person p ON p.id = y.person_id
   WHERE y.contact_id = t.id AND y.role = 'child' AND p.full_name IS NOT NULL LIMIT 1) AS child,
  (SELECT p.full_name FROM r_party y JOIN r_person p ON p.id = y.person_id
   WHERE y.contact_id = t.id AND y.role = 'caller' AND p.full_name IS NOT NULL LIMIT 1) AS caller
FROM r_contact t LEFT JOIN r_case k ON k.contact_id = t.id
WHERE t.id IN (SELECT value FROM json_each(?))"""
"""What a hit says of its file: code, case, and who it is about."""

_CALLS: Final = "SELECT id, centre, receiver, contact_id FROM r_call WHERE id IN (SELECT value FROM json_each(?))"

_CASES: Final = "SELECT id, contact_id FROM r_case WHERE id IN (SELECT value FROM json_each(?))"


def _rows(connection: Connection, statement: str, ids: list[str]) -> dict[str, Any]:
    if not ids:
        return {}
    found = connection.exec_driver_sql(statement, (msgspec.json.encode(sorted(set(ids))).decode(),)).mappings()
    return {row["id"]: row for row in found}
