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
    """One field of a kind: name, merge class, data class, column, and whether the column is indexed."""

    name: str
    merge: Merge
    data_class: DataClass
    column: Column
    indexed: bool = False


_KEY = "tram111"


def declare(
    merge: Merge,
    data_class: DataClass,
    column: Column = Column.TEXT,
    *,
    indexed: bool = False,
    default: Any = None,
) -> Any:
    """A dataclass field that carries its merge class, data class and column in its metadata."""
    return dataclasses.field(default=default, metadata={_KEY: (merge, data_class, column, indexed)})


def specs_of(record: type[Any]) -> tuple[FieldSpec, ...]:
    """The declared fields of a record class, in their order; `id` is not one of them.

    Raises TypeError for a field without a declaration: a field whose class nobody chose must not exist.
    """
    found: list[FieldSpec] = []
    for field in dataclasses.fields(record):
        if field.name == "id":
            continue
        if _KEY not in field.metadata:
            raise TypeError(f"{record.__name__}.{field.name} has no merge and data class")
        merge, data_class, column, indexed = field.metadata[_KEY]
        found.append(FieldSpec(field.name, merge, data_class, column, indexed))
    return tuple(found)
