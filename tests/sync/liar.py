"""A server that says what a test tells it to, byte for byte, to whoever asks."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from sync import door

Says = Callable[[socket.socket], None]

SESSION = (
    b'{"token":"abcdefghijklmnopqrstuvwx","expires_ms":900000}',
    b'{"nonce":"n"}',
)


def http(
    status: int, body: bytes = b"", kind: str = "application/json", more: Mapping[str, str] | None = None
) -> bytes:
    """A whole HTTP answer."""
    headers = {"Content-Type": kind, "Content-Length": str(len(body)), **(more or {})}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode() + body


def bytes_of(data: bytes) -> Says:
    """Send these bytes."""
    return lambda one: one.sendall(data)


class Liar:
    """Opens sessions honestly and answers everything else with `says`, then closes the connection;
    without `says` it is silent until the asker goes (`waiting` is set then).

    `asked` holds the first line of each request in order.
    """

    def __init__(
        self, says: Says | None = None, *, honest_entrance: bool = True, tls: ssl.SSLContext | None = None
    ) -> None:
        self._says = says or self._silent
        self._honest = honest_entrance
        self._tls = tls
        self._listening = socket.create_server(("127.0.0.1", 0))
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://localhost:{self._listening.getsockname()[1]}"
        self.asked: list[str] = []
        self.waiting = threading.Event()
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []

    def __enter__(self) -> Self:
        self._begin(self._listen)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _fault: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._ended.set()
        for one in [self._listening, *self._open]:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for one in [self._listening, *self._open]:
            one.close()

    def _silent(self, one: socket.socket) -> None:
        self.waiting.set()
        with contextlib.suppress(OSError):
            while not self._ended.is_set() and one.recv(4_096):
                pass

    def _begin(self, work: Callable[..., None], *given: socket.socket) -> None:
        thread = threading.Thread(target=work, args=given, name="liar")
        self._threads.append(thread)
        thread.start()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                one, _ = self._listening.accept()
                self._open.append(one)
                self._begin(self._talk, one)

    def _talk(self, plain: socket.socket) -> None:
        one = plain
        with contextlib.suppress(OSError):
            if self._tls is not None:
                one = self._tls.wrap_socket(plain, server_side=True)
                self._open.append(one)
            while (path := self._heard(one)) is not None:
                if self._honest and path in (door.NONCE, door.SESSION):
                    one.sendall(http(200, SESSION[path == door.NONCE]))
                    continue
                self._says(one)
                one.shutdown(socket.SHUT_RDWR)
                return

    def _heard(self, one: socket.socket) -> str | None:
        """The path of one whole request, or None at the end."""
        data = b""
        while b"\r\n\r\n" not in data:
            if data[:1] == b"\x16":  # a TLS hello: a web server answers it with words at once
                return ""
            part = one.recv(65_536)
            if not part:
                return None
            data += part
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.asked.append(lines[0])
        length = next((int(x.split(":")[1]) for x in lines if x.lower().startswith("content-length:")), 0)
        while len(body) < length:
            body += one.recv(65_536)
        return lines[0].split(" ")[1].partition("?")[0]
