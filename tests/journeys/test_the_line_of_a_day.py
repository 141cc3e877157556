"""The line between a desk and the centre: it carries, it is really cut, it comes back on the same port."""

from __future__ import annotations

import asyncio

from desktop.day.line import Line


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(100):
        writer.write(data)
        await writer.drain()
    writer.close()


async def asked(port: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"111")
    answer = await reader.readexactly(3)
    writer.close()
    return answer


def test_a_cut_line_closes_what_it_carries_and_refuses_until_it_is_back() -> None:
    async def journey() -> None:
        async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
            line = Line("127.0.0.1", server.sockets[0].getsockname()[1])
            await line.open()
            port = line.own_port
            assert await asked(port) == b"111"
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"x")
            assert await reader.readexactly(1) == b"x"
            await line.cut()
            assert not line.up
            try:
                rest = await reader.read(1)
            except ConnectionResetError:
                rest = b""
            assert rest == b""
            writer.close()
            assert await line.refuses()
            await line.open()
            assert line.own_port == port
            assert not await line.refuses()
            assert await asked(port) == b"111"
            await line.cut()

    asyncio.run(journey())
