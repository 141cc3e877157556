"""Faults that were in the program until long soaks found them, each with the seed and the law that did."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any, NamedTuple
from unittest.mock import patch

from server.operations import push
from server.operations.centre import Centre
from server.store import granted
from server.store.accounts import Device
from server.store.engine import Connection
from sync.operation import Body
from sync.replica import replica, scopes
from sync.replica.relay import RelayReplica


class Late(NamedTuple):
    """`plant` puts the fault back for the length of a context; `seed` lives well without it."""

    plant: Callable[[], AbstractContextManager[Any]]
    seed: int
    law: str


def _founded_by_whoever_speaks_first() -> AbstractContextManager[Any]:
    def founded_by(bodies: Iterable[Body], known: Container[str], founder_centre: str) -> dict[str, str]:
        named = {body.scope for body in bodies}
        return {scope: scopes.audience_of(scope, founder_centre) for scope in named if scope not in known}

    return patch.object(scopes, "founded_by", founded_by)


def _replaced_values_stand_again() -> AbstractContextManager[Any]:
    def is_kept(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
        return _versions(before) <= _versions(after)

    return patch.object(replica, "is_kept", is_kept)


def _versions(state: Mapping[str, Any]) -> set[str]:
    return {version for held in state.values() for version in (*held.heads, *held.gone)}


def _told_of_its_grant_once() -> AbstractContextManager[Any]:
    return patch.object(RelayReplica, "tell_again", lambda *_given: frozenset())


def _a_hub_is_granted_nothing() -> AbstractContextManager[Any]:
    def given(
        _centre: Centre, connection: Connection, author: Device, wanted: Collection[str]
    ) -> tuple[frozenset[str], frozenset[str]]:
        mine = granted.granted_among(connection, author.id, wanted)
        return mine, scopes.withdrawn_among(connection, author.id, frozenset(wanted) - mine)

    return patch.object(push, "_given", given)


LATE: Mapping[str, Late] = {
    "a dossier is founded by whoever speaks of it first": Late(
        _founded_by_whoever_speaks_first, 297, "held is released"
    ),
    "made anew, replaced values stand again": Late(_replaced_values_stand_again, 1964, "nothing to mend"),
    "told of its grant once only": Late(_told_of_its_grant_once, 1299, "nothing to mend"),
    "a hub may write what it was granted itself": Late(_a_hub_is_granted_nothing, 4468, "held is released"),
}
