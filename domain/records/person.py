"""A person in a dossier, and the child records that hang on a person: aliases, phones, addresses."""

from __future__ import annotations

from dataclasses import dataclass

from domain.records.fields import Column, DataClass, Merge, declare

_P2 = DataClass.P2
_P3 = DataClass.P3


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One person of one dossier; the same child elsewhere is a `link`, fields never merge (settled 8).

    Names are whole (family-first, clan-last and one-name peoples are never split). Name, birth date, sex and
    parents are "nếu biết" (Mẫu 01, NĐ 56/2017): never required. `age_years` is an age as said on
    `age_said_at` (UTC ms).
    """

    id: str
    full_name: str | None = declare(Merge.FACT, _P2)
    birth_date: str | None = declare(Merge.FACT, _P2)
    birth_year: int | None = declare(Merge.FACT, _P2, Column.INTEGER)
    age_years: int | None = declare(Merge.FACT, _P2, Column.INTEGER)
    age_said_at: int | None = declare(Merge.FACT, _P2, Column.INTEGER)
    age_estimated: bool | None = declare(Merge.FACT, _P2, Column.BOOLEAN)
    age_group: str | None = declare(Merge.FACT, _P2)
    sex: str | None = declare(Merge.FACT, _P2)
    languages: tuple[str, ...] = declare(Merge.SET, _P2, Column.JSON, default=())
    ethnic_group: str | None = declare(Merge.FACT, _P3)
    disabilities: tuple[str, ...] = declare(Merge.SET, _P3, Column.JSON, default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """Another name of a person: nickname, name at school, former name, other spelling."""

    id: str
    person_id: str | None = declare(Merge.APPEND, _P2, indexed=True)
    name: str | None = declare(Merge.FACT, _P2)
    sort: str | None = declare(Merge.FACT, _P2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """A number of a person: a number has many people and a person has many numbers."""

    id: str
    person_id: str | None = declare(Merge.APPEND, _P2, indexed=True)
    number: str | None = declare(Merge.FACT, _P2, indexed=True)
    safe: str | None = declare(Merge.SAFETY, _P2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A dated address of a person; places are pairs (set, code)."""

    id: str
    person_id: str | None = declare(Merge.APPEND, _P2, indexed=True)
    province_set: str | None = declare(Merge.FACT, _P2)
    province: str | None = declare(Merge.FACT, _P2)
    commune_set: str | None = declare(Merge.FACT, _P2)
    commune: str | None = declare(Merge.FACT, _P2)
    line: str | None = declare(Merge.FACT, _P2)
    valid_from: str | None = declare(Merge.FACT, _P2)
    valid_to: str | None = declare(Merge.FACT, _P2)
