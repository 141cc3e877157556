"""A forward proxy that knows every name as this machine, and keeps what it carries."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self


class Proxy:
    """`asked` holds the first line of each request, `carried` every byte in both directions."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.asked: list[str] = []
        self.carried = b""
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
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for one in [self._listening, *self._open]:
            one.close()

    def _begin(self, work: object, *given: socket.socket) -> None:
        assert callable(work)
        thread = threading.Thread(target=work, args=given, name="proxy")
        self._threads.append(thread)
        thread.start()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                one, _ = self._listening.accept()
                self._open.append(one)
                self._begin(self._talk, one)

    def _talk(self, one: socket.socket) -> None:
        with contextlib.suppress(OSError):
            data = b""
            while b"\r\n\r\n" not in data:
                part = one.recv(65_536)
                if not part:
                    return
                data += part
            line = data.split(b"\r\n")[0].decode("latin-1")
            self.asked.append(line)
            port = int(line.split(" ")[1].rpartition(":")[2])
            other = socket.create_connection(("127.0.0.1", port))
            self._open.append(other)
            one.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            self._begin(self._carry, other, one)
            self._carry(one, other)

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while part := source.recv(65_536):
                with self._guard:
                    self.carried += part
                target.sendall(part)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)
