"""Is this child known already: a score with reasons, for a person to decide. Nothing is ever merged by
machine.

Fields never merge; a person who agrees makes a `link` record (settled point 8). At most five suggestions,
each with the reason why (hotline.md §8).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from domain.phones import normalise
from domain.text import match_query

THRESHOLD: Final = 50
"""From this score a person is worth showing."""

MAX_SUGGESTIONS: Final = 5


@dataclass(frozen=True, slots=True)
class ChildLook:
    """What is known of a child for the comparison; every value may be absent.

    `names` holds all names and nicknames; `commune` and `province` are keys (set, code) of today's map.
    """

    id: str
    names: tuple[str, ...] = ()
    birth_date: date | None = None
    birth_year: int | None = None
    sex: str | None = None
    phones: tuple[str, ...] = ()
    commune: tuple[str, str] | None = None
    province: tuple[str, str] | None = None
    parents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A child that may be the same: its id, a score of 0-100 and the Vietnamese reasons, strongest first."""

    id: str
    score: int
    reasons: tuple[str, ...]


def compare(one: ChildLook, other: ChildLook) -> Suggestion:
    """The score that `other` is the child `one`. Symmetric in score; unknown values count neither way."""
    points: list[tuple[int, str]] = [
        *_name_points(one, other),
        *_birth_points(one, other),
        *_phone_points(one, other),
        *_place_points(one, other),
    ]
    if _shared(one.parents, other.parents):
        points.append((20, "cùng tên cha, mẹ"))
    if _contradicts(one.sex, other.sex):
        points.append((-30, "khác giới tính"))
    score = max(0, min(100, sum(value for value, _ in points)))
    ordered = sorted(points, key=lambda point: (-abs(point[0]), point[1]))
    return Suggestion(other.id, score, tuple(reason for _, reason in ordered))


def suggest(one: ChildLook, others: Iterable[ChildLook]) -> tuple[Suggestion, ...]:
    """The likeliest same children, best first, at most five, all from the threshold up; never the child
    itself.
    """
    found = [compare(one, other) for other in others if other.id != one.id]
    likely = [suggestion for suggestion in found if suggestion.score >= THRESHOLD]
    likely.sort(key=lambda suggestion: (-suggestion.score, suggestion.id))
    return tuple(likely[:MAX_SUGGESTIONS])


def _keys(names: tuple[str, ...]) -> set[frozenset[str]]:
    """Names as sets of words: family-first and clan-last orders of one name are equal."""
    return {frozenset(words) for name in names if (words := match_query(name))}


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return bool(_keys(one) & _keys(other))


def _name_points(one: ChildLook, other: ChildLook) -> list[tuple[int, str]]:
    mine, theirs = _keys(one.names), _keys(other.names)
    shared = mine & theirs
    if any(len(words) > 1 for words in shared):
        return [(45, "cùng họ tên")]
    if shared:
        # A single word is a given name or a nickname: thousands of children bear it.
        return [(20, "cùng tên gọi")]
    if any(len(short) > 1 and (short < long or long < short) for short in mine for long in theirs if len(long) > 1):
        return [(30, "họ tên gần giống")]
    if mine and theirs:
        return [(-20, "khác họ tên")]
    return []


def _birth_points(one: ChildLook, other: ChildLook) -> list[tuple[int, str]]:
    if one.birth_date and other.birth_date:
        if one.birth_date == other.birth_date:
            return [(35, "cùng ngày sinh")]
        swapped = (one.birth_date.day, one.birth_date.month) == (other.birth_date.month, other.birth_date.day)
        if swapped and one.birth_date.year == other.birth_date.year:
            return [(25, "ngày và tháng sinh đảo nhau")]
    mine = one.birth_date.year if one.birth_date else one.birth_year
    theirs = other.birth_date.year if other.birth_date else other.birth_year
    if mine is None or theirs is None:
        return []
    # An age as said over the phone is off by a year as often as not.
    if abs(mine - theirs) <= 1:
        return [(15, "tuổi gần nhau")]
    return [(-30, "chênh tuổi")] if abs(mine - theirs) > 3 else []


def _phone_points(one: ChildLook, other: ChildLook) -> list[tuple[int, str]]:
    mine = {key for phone in one.phones if (key := normalise(phone))}
    theirs = {key for phone in other.phones if (key := normalise(phone))}
    return [(30, "cùng số điện thoại")] if mine & theirs else []


def _place_points(one: ChildLook, other: ChildLook) -> list[tuple[int, str]]:
    if one.commune and other.commune:
        return [(20, "cùng xã, phường")] if one.commune == other.commune else []
    if one.province and one.province == other.province:
        return [(5, "cùng tỉnh")]
    return []


def _contradicts(one: str | None, other: str | None) -> bool:
    plain = {"male", "female"}
    return one in plain and other in plain and one != other
