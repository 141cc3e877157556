"""What every route finds at hand: the centre, sessions, threads for the store's work, held pulls."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import TracebackType
from typing import Annotated, Any, Final, Self, TypeVar

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from server.http.doorway import Heard, target_of
from server.http.waiters import WaitingRoom
from server.operations.bootstrap import SegmentBuilder
from server.operations.centre import HUB, Centre
from server.operations.enrolment import Attempts
from server.operations.refusals import busy, unknown_device
from server.operations.revocation import farewell
from server.operations.sessions import Session, Sessions
from server.store.engine import READERS
from server.store.revoked import is_revoked
from sync.door import read_credentials

R = TypeVar("R")

PUSHERS: Final = 8
"""How many pushes are decoded and wait for the accept lane at the same time."""
PARTS_IN_FLIGHT: Final = 16
"""How many parts of blobs may be under way (a sealed chunk each) before the next is told to come back."""
BEARERS: Final = 2
"""Threads for the bytes of attachments: they never take one away from text."""
PUSHES_IN_FLIGHT: Final = 5
"""How many bulk pushes may be under way before the next is told to come back: more only wait for each other until
their askers' time runs out (sixty desks back after thirty days, `sync.md` F5). By the model of the bench, at
2.3 ms an operation: 2 time-outs with 8, none with 6, 5 and 4; at 3 ms 4 with 8, 2 with 6, none with 5. The accept
lane never waited for work."""
URGENT_IN_FLIGHT: Final = 24
"""How many small pushes may be under way besides: an emergency or a call just taken never waits behind a backlog."""
BACK_SOON_MS: Final = (2_000, 8_000)
"""Between which times a bulk push that was turned away comes back: drawn, so that they do not come together."""


class Admission:
    """Lets so many in at once; on the event loop only. Raises Refusal (503) to the next one."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.inside = 0

    def __enter__(self) -> Self:
        if self.inside >= self._most:
            low, high = BACK_SOON_MS
            raise busy(low + secrets.randbelow(high - low))
        self.inside += 1
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _fault: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.inside -= 1


class Counter:
    """Work of the store runs in its threads, so that the event loop never waits for a disk."""

    def __init__(self, centre: Centre, pushes_in_flight: int = PUSHES_IN_FLIGHT) -> None:
        self.centre = centre
        self.sessions = Sessions(centre)
        self.attempts = Attempts(centre)
        self.room = WaitingRoom()
        self.segments = SegmentBuilder(centre)
        centre.publish = self.room.publish
        self._told: dict[tuple[str, int], int] = {}
        self._told_centre: dict[tuple[str, int], int] = {}
        self.parts = 0
        self.most_parts = PARTS_IN_FLIGHT
        self._bearers = ThreadPoolExecutor(BEARERS, thread_name_prefix="centre-blob")
        self.bulk = Admission(pushes_in_flight)
        self.urgent = Admission(URGENT_IN_FLIGHT)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="centre-read")
        self._writers = ThreadPoolExecutor(PUSHERS, thread_name_prefix="centre-write")
        self._quick = ThreadPoolExecutor(PUSHERS, thread_name_prefix="centre-quick")

    def told_backed_up(self, asker: Session, reach: int) -> bool:
        """Whether a backup made since the last time is news for the asker: a held pull then ends with it.

        Kept in memory: after a restart of the centre a desk is told once more.
        """
        key = (asker.device.id, asker.incarnation)
        before = self._told.get(key)
        self._told[key] = reach
        return reach > (before or 0)

    def further(self, asker: Session, centre_acked: int) -> bool:
        """Whether the centre has more of the asker's chain than it was told last: at a hub that is news of its own
        (settled 11). Kept in memory: after a restart each desk is told once more."""
        if self.centre.role != HUB:
            return False
        key = (asker.device.id, asker.incarnation)
        before = self._told_centre.get(key)
        self._told_centre[key] = centre_acked
        return before is not None and before != centre_acked

    def stands_revoked(self, device: str) -> bool:
        """Whether the device was revoked; asked of the store, since another process may have done it."""
        return self.centre.read(lambda connection: is_revoked(connection, device))

    async def read(self, work: Callable[..., R], *given: Any) -> R:
        """Run a reading operation in a thread of its own kind: it never stands behind a push."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, work, *given)

    async def write(self, work: Callable[..., R], *given: Any) -> R:
        """Run a writing operation in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._writers, work, *given)

    async def carry(self, work: Callable[..., R], *given: Any) -> R:
        """Run work on attachments' bytes in threads of its own: text never stands behind it."""
        return await asyncio.get_running_loop().run_in_executor(self._bearers, work, *given)

    async def write_now(self, work: Callable[..., R], *given: Any) -> R:
        """Run a small writing operation in a thread of its own kind: it never stands behind a large one."""
        return await asyncio.get_running_loop().run_in_executor(self._quick, work, *given)

    def close(self) -> None:
        """End the threads; what was begun is finished."""
        self.segments.close()
        self._bearers.shutdown()
        self._quick.shutdown()
        self._writers.shutdown()
        self._readers.shutdown()


def counter_of(request: Request) -> Counter:
    """The counter that the application was built over."""
    found: Counter = request.app.state.counter
    return found


_bearer = HTTPBearer(
    auto_error=False,
    description="`token.counter.signature`: the token of `/v1/session`, and a proof of this request.",
)


_Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


async def parting_session_of(request: Request, bearer: _Bearer) -> Session:
    """Who asks, also a revoked device (for routes that look themselves whether it is one): the holder of the token,
    who signed this request. A body is proven when its last byte is read, before the route has it (`doorway.Heard`).
    Raises Refusal (401)."""
    said = read_credentials(bearer.credentials) if bearer is not None else None
    if said is None:
        raise unknown_device()
    sessions = counter_of(request).sessions
    session = sessions.of(said.token, parting=True)
    heard: Heard = request.state.heard
    heard.expect(partial(sessions.prove, said, request.method, target_of(request.scope)))
    return session


async def session_of(request: Request, bearer: _Bearer) -> Session:
    """As `parting_session_of`, for all other routes. Raises Refusal (401; 403 once the device is revoked)."""
    session = await parting_session_of(request, bearer)
    counter = counter_of(request)
    if session.parting or await counter.read(counter.stands_revoked, session.device.id):
        raise await counter.read(farewell, counter.centre, session.device)
    return session


async def _counter(request: Request) -> Counter:
    return counter_of(request)


AtCounter = Annotated[Counter, Depends(_counter)]
Asker = Annotated[Session, Depends(session_of)]
Parting = Annotated[Session, Depends(parting_session_of)]
