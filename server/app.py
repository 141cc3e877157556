"""The centre put together: store, operations, routes and an ASGI server that ends within two seconds."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import ssl
from collections.abc import Callable
from types import FrameType
from typing import Final, TextIO

import uvicorn

from server.http.application import build_app
from server.http.counter import PUSHES_IN_FLIGHT, Counter
from server.http.doorway import Doorway
from server.operations import blobs, need_to_know
from server.operations.centre import ROLE, Centre
from sync.interpreter import share

GRACE_S: Final = 1
"""How long requests under way are waited for at the end (held pulls are let go at once)."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio switches Nagle's delay off only where it is: without it every answer
    # with a body waits 40 ms for the asker's acknowledgement of its headers.
    door = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((host, port))
        door.listen(128)
    except OSError:
        door.close()
        raise
    return door


def url_of(door: socket.socket, *, secure: bool = False) -> str:
    """The base URL of a listening socket."""
    host, port = door.getsockname()[:2]
    scheme = "https" if secure else "http"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


class Serving(uvicorn.Server):
    """Serves one centre on one socket until told to end; `ready` is called once requests are taken.

    With `tls` it speaks nothing else. Runs in any thread; `stop` may be called from any other. It closes neither
    centre nor socket of others.
    """

    def __init__(
        self,
        centre: Centre,
        door: socket.socket,
        ready: Callable[[], None],
        pushes_in_flight: int = PUSHES_IN_FLIGHT,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        if centre.role == ROLE:
            need_to_know.settle_new_policy(centre)
            blobs.finish_erasing(centre)
        self.counter = Counter(centre, pushes_in_flight)
        self._door = door
        self._ready = ready
        # access_log=False alone lets it through where a root handler exists, and its lines hold whole URLs.
        logging.getLogger("uvicorn.access").disabled = True
        super().__init__(
            uvicorn.Config(
                Doorway(build_app(self.counter)),
                log_config=None,
                access_log=False,
                server_header=False,
                date_header=False,
                timeout_keep_alive=75,
                timeout_graceful_shutdown=GRACE_S,
                lifespan="on",
                ws="none",
                ssl_context_factory=None if tls is None else lambda _config, _default: tls,
            )
        )

    def run_here(self) -> None:
        """Serve in this thread until stopped."""
        self.run(sockets=[self._door])

    def stop(self) -> None:
        """Ask the server to end."""
        self.should_exit = True

    def told(self, _signal: int, _frame: FrameType | None) -> None:
        """A signal to end."""
        self.stop()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, then tell that requests are taken."""
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let held pulls go first: they would be waited for."""
        self.counter.room.close()
        await super().shutdown(sockets)


def serve(
    centre: Centre,
    door: socket.socket,
    announce: TextIO | None = None,
    tls: ssl.SSLContext | None = None,
    metrics: str = "",
) -> None:
    """Serve until SIGTERM or SIGINT; with `announce`, one JSON line {"url", "lineage"} when ready, and where the
    figures for watchers are told, if anywhere."""

    def ready() -> None:
        if announce is not None:
            told = {"url": url_of(door, secure=tls is not None), "lineage": centre.lineage}
            print(json.dumps(told | ({"metrics": metrics} if metrics else {})), file=announce, flush=True)

    share()
    serving = Serving(centre, door, ready, tls=tls)
    # uvicorn raises a caught signal again at its end: by then it must not kill us before the store is closed.
    before = {one: signal.signal(one, serving.told) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        serving.run_here()
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
