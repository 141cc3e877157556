"""Under which policy each route stands; a route without one, or with a weaker door than it says, stops the start."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from types import MappingProxyType
from typing import Any, Final

from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute

from server.http.counter import parting_session_of, session_of
from sync import door, manifest


class RoutePolicy(Enum):
    """Who may ask a route, and what it may answer."""

    ANYBODY = "anybody"
    """Whoever reaches the port: tells nothing of persons or devices."""
    CODE = "code"
    """Who brings a one-time code that somebody at the centre made."""
    KEY = "key"
    """A device that proves its registered key by signing a number used once."""
    PARTING = "parting"
    """A device's signed request, also of a revoked one: its own chain in; out what its audiences and grants give,
    and to a revoked one nothing but the order to go."""
    AUDIENCE = "audience"
    """A signed request of a device in good standing: out what its audiences and grants give."""
    EMERGENCY = "emergency"
    """As `AUDIENCE`, for a file beyond it: the table of roles decides for the person named, and the read is told to
    those whose file it is."""
    APPROVAL = "approval"
    """As `AUDIENCE`; the table of roles decides for the person named (`approve_device`)."""
    HUB = "hub"
    """As `AUDIENCE`, and only for the hub of a centre."""


class WithoutPolicy(RuntimeError):
    """A route that must not be served. `route` is method and path as we wrote them."""

    def __init__(self, route: str, why: str) -> None:
        super().__init__(f"{route}: {why}")
        self.route = route


POLICIES: Final[Mapping[tuple[str, str], RoutePolicy]] = MappingProxyType(
    {
        ("GET", "/openapi.json"): RoutePolicy.ANYBODY,
        ("HEAD", "/openapi.json"): RoutePolicy.ANYBODY,
        ("GET", door.HEALTH): RoutePolicy.ANYBODY,
        ("GET", door.NONCE): RoutePolicy.ANYBODY,
        ("POST", door.ENROL): RoutePolicy.CODE,
        ("POST", door.SESSION): RoutePolicy.KEY,
        ("POST", door.PUSH): RoutePolicy.PARTING,
        ("GET", door.PULL): RoutePolicy.PARTING,
        ("GET", door.SCOPE): RoutePolicy.AUDIENCE,
        ("GET", door.HELD): RoutePolicy.AUDIENCE,
        ("POST", door.PROOF): RoutePolicy.AUDIENCE,
        ("GET", door.RECEIPT): RoutePolicy.AUDIENCE,
        ("POST", door.BLOB): RoutePolicy.AUDIENCE,
        ("HEAD", door.BLOB + "/{record}"): RoutePolicy.AUDIENCE,
        ("GET", door.BLOB + "/{record}"): RoutePolicy.AUDIENCE,
        ("PATCH", door.BLOB + "/{record}"): RoutePolicy.AUDIENCE,
        ("POST", door.EMERGENCY): RoutePolicy.EMERGENCY,
        ("POST", door.APPROVE): RoutePolicy.APPROVAL,
        ("GET", manifest.BOOTSTRAP): RoutePolicy.AUDIENCE,
        ("GET", manifest.SEGMENT + "/{name}"): RoutePolicy.AUDIENCE,
        ("GET", door.DEVICES): RoutePolicy.HUB,
    }
)
"""Method and path of every route → its policy. Written by hand beside the routes, so that a new one is a decision."""

_DOORS: Final[Mapping[RoutePolicy, Callable[..., Any]]] = MappingProxyType(
    {
        RoutePolicy.PARTING: parting_session_of,
        RoutePolicy.AUDIENCE: session_of,
        RoutePolicy.EMERGENCY: session_of,
        RoutePolicy.APPROVAL: session_of,
        RoutePolicy.HUB: session_of,
    }
)
"""The dependency through which a route under this policy must let its asker in."""


def check(routes: Sequence[BaseRoute]) -> None:
    """Raises WithoutPolicy for the first route that no policy names or whose door is not that of its policy."""
    for route in iter_route_contexts(routes):
        path, methods = route.path, route.methods
        if not path or not methods:
            raise WithoutPolicy(path or "", "no route of one path and its methods")
        for method in sorted(methods):
            policy = POLICIES.get((method, path))
            if policy is None:
                raise WithoutPolicy(f"{method} {path}", "no policy names it")
            doors = {call for call in _calls(getattr(route, "dependant", None)) if call in _DOORS.values()}
            wanted = {_DOORS[policy]} if policy in _DOORS else set()
            if doors != wanted:
                raise WithoutPolicy(f"{method} {path}", f"its door is not that of policy {policy.value}")


def _calls(dependant: Dependant | None) -> Iterator[Callable[..., Any]]:
    for one in dependant.dependencies if dependant is not None else ():
        if one.call is not None:
            yield one.call
