"""Whether a hub holds what the centre says that it is to hold: worked out from both stores' plain tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from desktop.day.kept import Row, columns_of

Tables = Mapping[str, Sequence[Row]]

_ASKED: Final = {
    "scope_home": ("scope", "audience"),
    "scope_grant": ("device", "scope"),
    "digest": ("scope", "kind", "count", "total"),
}


def due_scopes(centre: Tables, home: str, devices: Iterable[str]) -> set[str]:
    """Scopes of the centre's store that devices of one home may see together: its own, the reference data, their
    control streams, and what was granted to any of them."""
    mine = set(devices)
    audiences = {home, "ref", *(f"device:{device}" for device in mine)}
    due = {row["scope"] for row in centre.get("scope_home", ()) if row["audience"] in audiences}
    return due | {row["scope"] for row in centre.get("scope_grant", ()) if row["device"] in mine}


def lacks(centre: Path, database: str | None, hub: Path, home: str, devices: Sequence[str]) -> bool:
    """Whether the running digests of a hub's store are not those of the centre's, over the scopes that are due.

    `centre` and `hub` are the folders of nodes that may be running, `database` is the centre's where it is not in its
    folder. A reader's own snapshot of each: it never holds up their writers.
    """
    at_hub = columns_of(hub, None, _ASKED)
    at_centre = columns_of(centre, database, _ASKED)
    due = due_scopes(at_centre, home, devices)
    return _figures(at_hub, None) != _figures(at_centre, due)


def _figures(tables: Tables, due: set[str] | None) -> dict[tuple[str, str], tuple[int, str]]:
    return {
        (row["scope"], row["kind"]): (int(row["count"]), str(row["total"]))
        for row in tables["digest"]
        if int(row["count"]) and (due is None or row["scope"] in due)
    }
