"""A server that would like to hear: speaks the road's entrance to whoever comes and keeps what is said to it."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import msgspec

from sync import door
from sync.door import Enrolled, Health
from sync.wire import PushAnswer
from tests.sync.liar import SESSION, http

HEALTH = msgspec.json.encode(Health(lineage="aa", feed=0, role="centre", time=1))
ENROLLED = msgspec.json.encode(
    Enrolled(device="d", centre="an_giang", seat="AG01", centre_digit=3, lineage="aa", time=1)
)
PUSHED = msgspec.json.encode(PushAnswer(lineage="aa", acked=3, centre_acked=3))
ANSWERS = {
    door.HEALTH: HEALTH, door.ENROL: ENROLLED, door.NONCE: SESSION[1], door.SESSION: SESSION[0], door.PUSH: PUSHED,
}  # fmt: skip
PREFIX = "/r"
"""Where a redirect to the same host leads."""


@dataclass
class Heard:
    """What one server was told."""

    requests: int = 0
    bodies: list[bytes] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    connections: int = 0
    lines: list[str] = field(default_factory=list)

    def holds(self, words: bytes) -> bool:
        return any(words in body for body in self.bodies)


class Hostile:
    """`redirect` answers where a path is to be looked for instead, or nothing. With `tls` it speaks TLS only."""

    def __init__(
        self, tls: ssl.SSLContext | None = None, redirect: Callable[[str], str] | None = None, host: str = "localhost"
    ) -> None:
        self._tls, self._redirect = tls, redirect
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://{host}:{self.port}"
        self.heard = Heard()
        self._guard = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []

    def __enter__(self) -> Self:
        self._begin(self._listen)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _fault: BaseException | None, _trace: TracebackType | None
    ) -> None:
        for one in [self._listening, *self._open]:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(one, socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for one in [self._listening, *self._open]:
            one.close()

    def _begin(self, work: Callable[..., None], *given: socket.socket) -> None:
        thread = threading.Thread(target=work, args=given, name="hostile")
        self._threads.append(thread)
        thread.start()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                one, _ = self._listening.accept()
                self.heard.connections += 1
                self._open.append(one)
                self._begin(self._talk, one)

    def _talk(self, plain: socket.socket) -> None:
        one = plain
        with contextlib.suppress(OSError):
            if self._tls is not None:
                one = self._tls.wrap_socket(plain, server_side=True)
                self._open.append(one)
            while self._answer(one):
                pass
            one.shutdown(socket.SHUT_RDWR)

    def _answer(self, one: socket.socket) -> bool:
        data = b""
        while b"\r\n\r\n" not in data:
            part = one.recv(65_536)
            if not part:
                return False
            data += part
            if data[:1] == b"\x16":  # a TLS hello: it would rather speak in the open
                one.sendall(http(400, b"", "text/html"))
                return False
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        said = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        while len(body) < int(said.get("content-length", "0")):
            body += one.recv(65_536)
        with self._guard:
            self.heard.requests += 1
            self.heard.lines.append(lines[0])
            if body:
                self.heard.bodies.append(body)
            if "authorization" in said:
                self.heard.tokens.append(said["authorization"])
        path = lines[0].split(" ")[1].partition("?")[0]
        to = self._redirect(path) if self._redirect else ""
        if to:
            one.sendall(http(307, b"", "text/html", {"Location": to}))
        else:
            one.sendall(http(200, ANSWERS.get(path.removeprefix(PREFIX), PUSHED)))
        return True
