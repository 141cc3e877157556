"""S-06 at the server: every route has a named policy and keeps it; whose file it is decides what a desk is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import MappingProxyType

import pytest
import requests
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from domain.records.contact import Contact
from server.http import application, policies
from server.http.counter import Asker, AtCounter, Parting
from server.http.policies import POLICIES, RoutePolicy, WithoutPolicy, check
from sync import door
from sync.replica import scopes
from tests.server.ground import PATIENCE_S, Desk, Running, signed

MakeDesk = Callable[..., Desk]
ASKS_WHO = (RoutePolicy.PARTING, RoutePolicy.AUDIENCE, RoutePolicy.EMERGENCY, RoutePolicy.HUB)
WORDS = "Trẻ kể rằng em sợ"


def routes_of(app: FastAPI) -> set[tuple[str, str]]:
    found = iter_route_contexts(app.routes)
    return {(method, route.path or "") for route in found for method in route.methods or ()}


def asked() -> Iterator[tuple[RoutePolicy, str, str]]:
    """Every route that asks who speaks, with a path that a desk could ask."""
    for (method, path), policy in POLICIES.items():
        if policy in ASKS_WHO:
            yield policy, method, path.replace("{record}", "khong-co").replace("{name}", "0" * 64)


def test_every_route_has_a_policy_and_no_policy_is_without_its_route(embedded: Running) -> None:
    app = application.build_app(embedded.serving.counter)
    assert routes_of(app) == set(POLICIES)


@pytest.mark.parametrize("missing", sorted(POLICIES))
def test_a_server_with_a_route_that_no_policy_names_does_not_start(
    embedded: Running, missing: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fewer = MappingProxyType({route: policy for route, policy in POLICIES.items() if route != missing})
    monkeypatch.setattr(policies, "POLICIES", fewer)
    with pytest.raises(WithoutPolicy) as told:
        application.build_app(embedded.serving.counter)
    assert told.value.route == " ".join(missing)


def test_a_route_whose_door_is_not_that_of_its_policy_does_not_start() -> None:
    router = APIRouter()

    async def nobody_asked(counter: AtCounter) -> None:
        """Lets everybody in."""

    async def also_revoked(asker: Parting) -> None:
        """Lets a revoked device in."""

    async def asks(asker: Asker) -> None:
        """Lets in whom it should not have to ask."""

    for path, endpoint in ((door.SCOPE, nobody_asked), (door.HELD, also_revoked), (door.HEALTH, asks)):
        router.add_api_route(path, endpoint, methods=["GET"])
    for route in router.routes:
        assert isinstance(route, APIRoute)
        with pytest.raises(WithoutPolicy, match="its door"):
            check([route])


def test_no_route_that_asks_who_speaks_answers_an_unsigned_request(embedded: Running) -> None:
    for _, method, path in asked():
        for headers in ({}, {"Authorization": "Bearer none"}, {"Authorization": "Basic eA=="}):
            answer = requests.request(method, embedded.url + path, headers=headers, timeout=PATIENCE_S)
            assert answer.status_code in (400, 401), (method, path)


def test_a_desk_is_no_hub(embedded: Running, desks: MakeDesk) -> None:
    one = desks(embedded)
    hub_only = [(method, path) for policy, method, path in asked() if policy is RoutePolicy.HUB]
    assert hub_only
    for method, path in hub_only:
        said = signed(one.road, method, path)
        assert requests.request(method, embedded.url + path, headers=said, timeout=PATIENCE_S).status_code == 403


def has(desk: Desk, scope: str) -> tuple[bool, bool]:
    """Whether pull, and the scope's history, give the desk anything of this file."""
    desk.pull()
    _, placed = desk.road.scope(scope, desk.cursor, 0, PATIENCE_S)
    return desk.node.has("contact", scopes.file_of(scope)), bool(placed)


def test_whose_file_it_is_and_in_which_book_decides_what_a_desk_is_given(
    embedded: Running, desks: MakeDesk
) -> None:
    author, colleague, stranger = desks(embedded), desks(embedded, "AG02"), desks(embedded, "HN01")
    author.pull()
    author.write_contact("plain", WORDS)
    walls = (scopes.THERAPY, scopes.TRAFFICKING)
    for prefix in walls:
        act = author.node.act()
        act.create(prefix + prefix[:2], Contact(id=prefix[:2], summary=WORDS, received_at=author.node.wall))
        author.node.write(act)
    author.push()
    assert has(colleague, scopes.dossier("plain")) == (True, True)
    assert has(stranger, scopes.dossier("plain")) == (False, False)
    for prefix in walls:
        assert has(colleague, prefix + prefix[:2]) == has(stranger, prefix + prefix[:2]) == (False, False)
