"""How a field of a record is declared: its merge class, its data class and the column it needs."""

from __future__ import annotations

import dataclasses
from enum import StrEnum
from typing import Any


class Merge(StrEnum):
    """How two concurrent values of one field are told apart (settled points 4 and 5).

    append: written once, several versions all stay, never a matter for a person.
    safety: the more cautious value (higher rank) is shown until a person decides.
    responsibility: the value with more authority (higher rank) is shown until a person decides.
    fact: the later stamp is shown, the other stays beside it.
    long_text: as fact, and no machine ever merges the words.
    set: observed-remove; adding wins over a concurrent removal.
    """

    APPEND = "append"
    SAFETY = "safety"
    RESPONSIBILITY = "responsibility"
    FACT = "fact"
    LONG_TEXT = "long_text"
    SET = "set"


class DataClass(StrEnum):
    """Protection class of a value: P0 statistic, P1 internal, P2 personal, P3 sensitive, P4 restricted."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"


class Column(StrEnum):
    """What kind of column holds the present value in a record table."""

    TEXT = "text"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    JSON = "json"


@dataclasses.dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of a kind: name, merge class, data class, column, and whether the column is indexed.

    `then` is a second column of the index, for fields whose rows of one value are asked for in an order or a span;
    `among` is a column that gets an index behind this one over the rows alone that fill it, for questions that
    concern few of many rows of one value.
    """

    name: str
    merge: Merge
    data_class: DataClass
    column: Column
    indexed: bool = False
    then: str | None = None
    among: str | None = None


_KEY = "tram111"


def declare(
    merge: Merge,
    data_class: DataClass,
    column: Column = Column.TEXT,
    *,
    indexed: bool = False,
    then: str | None = None,
    among: str | None = None,
    default: Any = None,
) -> Any:
    """A dataclass field that carries its merge class, data class and column in its metadata (see `FieldSpec`)."""
    said = (merge, data_class, column, indexed, then, among)
    return dataclasses.field(default=default, metadata={_KEY: said})


def specs_of(record: type[Any]) -> tuple[FieldSpec, ...]:
    """The declared fields of a record class, in their order; `id` is not one of them.

    Raises TypeError for a field without a declaration: a field whose class nobody chose must not exist; and for an
    index that names a column the record has not.
    """
    columns = {field.name for field in dataclasses.fields(record)}
    found: list[FieldSpec] = []
    for field in dataclasses.fields(record):
        if field.name == "id":
            continue
        if _KEY not in field.metadata:
            raise TypeError(f"{record.__name__}.{field.name} has no merge and data class")
        spec = FieldSpec(field.name, *field.metadata[_KEY])
        unknown = {name for name in (spec.then, spec.among) if name is not None} - columns
        if unknown or ((spec.then or spec.among) and not spec.indexed):
            raise TypeError(f"{record.__name__}.{field.name} has an index over what is not a column: {unknown}")
        found.append(spec)
    return tuple(found)
