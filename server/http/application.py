"""The ASGI application of the centre: routes, refusals as Problems, an OpenAPI that tells no untruth."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from server.http import approval, blobs, bootstrap, emergency, entrance, policies, proof, road
from server.http.counter import Counter
from server.http.doorway import log, place_of, problem
from server.operations.centre import HUB
from server.operations.emergency import end_over
from server.operations.recounting import go_on
from server.operations.refusals import Refusal, bad_message, busy
from server.store.troubles import StoreUnavailable

LOOK_S: Final = 15.0
"""How often (seconds) it is looked whether an emergency read is over."""
COUNT_FIRST_S: Final = 60.0
"""How long (seconds) after the start it is first looked whether the weekly recount is due: desks come back first."""
COUNT_S: Final = 3_600.0
"""How often (seconds) it is looked again."""


def build_app(counter: Counter) -> FastAPI:
    """The routes over a counter. Its lifespan opens the room of held pulls and ends the threads. Raises
    WithoutPolicy for a route that no policy names."""

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        counter.room.open(asyncio.get_running_loop())
        ending = asyncio.Event()
        ends = asyncio.create_task(_ends_emergencies(counter, ending))
        counts = asyncio.create_task(_recounts(counter, ending))
        yield
        ending.set()
        await ends
        await counts
        await asyncio.to_thread(counter.close)

    # No redirects: a path that is not quite one of ours is none, and a device would follow nothing anyway.
    app = _Described(
        title="Trạm 111: trung tâm", version="1", lifespan=lifespan, docs_url=None, redoc_url=None,
        redirect_slashes=False,
    )  # fmt: skip
    app.state.counter = counter
    app.include_router(entrance.router)
    app.include_router(road.router)
    app.include_router(proof.router)
    app.include_router(blobs.router)
    app.include_router(bootstrap.router)
    app.include_router(emergency.router)
    app.include_router(approval.router)
    policies.check(app.routes)
    # The last one is a fault of ours: answered here, logged (without its words) and ended in the doorway.
    for fault in (Refusal, RequestValidationError, HTTPException, StoreUnavailable, Exception):
        app.add_exception_handler(fault, _answer)
    return app


async def _ends_emergencies(counter: Counter, ending: asyncio.Event) -> None:
    """Look every few seconds whether the hour of an emergency read is over. Only the centre gives and ends them."""
    while counter.centre.role != HUB and not ending.is_set():
        try:
            news = await counter.write_now(end_over, counter.centre)
            if news:
                counter.room.publish(news)
        except Exception as fault:  # noqa: BLE001  # looked at again in a few seconds; its words may be a child's
            log.error("emergency reads were not looked at: %s at=%s", type(fault).__name__, place_of(fault))
        await _ends_within(ending, LOOK_S)


async def _recounts(counter: Counter, ending: asyncio.Event) -> None:
    """Look every hour whether the weekly recount is due or under way; it ends between two parts with the server."""
    wait, stopped = COUNT_FIRST_S, threading.Event()
    while not await _ends_within(ending, wait):
        wait = COUNT_S
        work = asyncio.ensure_future(asyncio.to_thread(go_on, counter.centre, stopped.is_set))
        ends = asyncio.ensure_future(ending.wait())
        await asyncio.wait([work, ends], return_when=asyncio.FIRST_COMPLETED)
        if ending.is_set():
            stopped.set()
        ends.cancel()
        try:
            await work
        except Exception as fault:  # noqa: BLE001  # counted on in an hour; its words may be a child's
            log.error("the recount was broken off: %s at=%s", type(fault).__name__, place_of(fault))


async def _ends_within(ending: asyncio.Event, seconds: float) -> bool:
    """Wait so long, or until the server ends; answers whether it does."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(ending.wait(), seconds)
    return ending.is_set()


class _Described(FastAPI):
    """FastAPI promises a 422 for every unreadable request; here each is a 400 with a Problem."""

    def openapi(self) -> dict[str, Any]:
        """The description at /openapi.json."""
        if not self.openapi_schema:
            described = super().openapi()
            for path in described["paths"].values():
                for operation in path.values():
                    operation["responses"].pop("422", None)
            for unused in ("HTTPValidationError", "ValidationError"):
                described["components"]["schemas"].pop(unused, None)
        return super().openapi()


async def _answer(_request: Request, fault: Exception) -> Response:
    if isinstance(fault, Refusal):
        return problem(fault)
    if isinstance(fault, StoreUnavailable):
        log.error("store unavailable cause=%s at=%s", type(fault.__cause__).__name__, place_of(fault))
        return problem(busy(5_000))
    if isinstance(fault, HTTPException):
        return problem(Refusal(fault.status_code, "bad_message"))
    if isinstance(fault, RequestValidationError):
        return problem(bad_message())
    return problem(Refusal(500, "busy", retry_after_ms=5_000))
