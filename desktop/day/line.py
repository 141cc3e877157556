"""A line between two nodes of a day that can really be cut: its sockets close and its port refuses."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from typing import Final, Self
from urllib.parse import urlsplit

_CHUNK: Final = 1 << 16


class Line:
    """Carries bytes from a local port to a server's. Lives on one asyncio loop."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._carrying: set[asyncio.Task[None]] = set()
        self.own_port = 0
        self.carried = 0
        """Connections carried so far."""

    @classmethod
    def to(cls, url: str) -> Self:
        """A line to the server with this address."""
        where = urlsplit(url)
        assert where.hostname is not None
        assert where.port is not None
        return cls(where.hostname, where.port)

    def lead_to(self, port: int) -> None:
        """From now on carry to another port of the same host: a program started again listens elsewhere."""
        self._port = port

    @property
    def up(self) -> bool:
        """Whether connections are accepted."""
        return self._server is not None

    async def open(self) -> None:
        """Accept connections, always on the same port once one was given."""
        if self._server is None:
            self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.own_port, backlog=64)
            self.own_port = int(self._server.sockets[0].getsockname()[1])

    async def cut(self) -> None:
        """Close every socket, the listening one first: whoever tries now is refused."""
        server, self._server = self._server, None
        if server is not None:
            await _take_no_more(server)
            server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        carrying = list(self._carrying)
        for task in carrying:
            task.cancel()
        await asyncio.gather(*carrying, return_exceptions=True)
        if server is not None:
            await server.wait_closed()

    async def refuses(self) -> bool:
        """Whether a connection made now is refused."""
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.own_port)
        except OSError:
            return True
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        return False

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._server is None:
            writer.transport.abort()  # taken in the moment of the cut
            return
        task = asyncio.current_task()
        assert task is not None
        self._carrying.add(task)
        self._writers.add(writer)
        self.carried += 1
        there: asyncio.StreamWriter | None = None
        try:
            back, there = await asyncio.open_connection(self._host, self._port)
            self._writers.add(there)
            await asyncio.gather(_pour(reader, there), _pour(back, writer))
        except (OSError, asyncio.CancelledError):
            writer.transport.abort()  # cancelled only by `cut`, and then this task is at its end
        finally:
            self._carrying.discard(task)
            for end in (writer, there):
                if end is not None:
                    self._writers.discard(end)
                    end.close()


async def _take_no_more(server: asyncio.Server) -> None:
    """Let connections that were taken already become transports before the server is closed: asyncio leaks the socket
    of one that is taken in the very turn of the loop in which it closes (CPython issue 109564)."""
    loop = server.get_loop()
    if sys.platform != "win32":  # there a connection is taken and made in one turn
        for one in server.sockets:
            loop.remove_reader(one.fileno())
    await asyncio.sleep(0)


async def _pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(_CHUNK):
        sink.write(data)
        await sink.drain()
    with contextlib.suppress(OSError):
        sink.write_eof()
