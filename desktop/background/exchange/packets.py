"""Text of the Asterisk Manager Interface: bytes in any pieces become packets, actions become bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

LONGEST: Final = 64 * 1024
"""Bytes a line may have; a longer one is no exchange."""

Packet = Mapping[str, str]
"""Names in lower case, as the exchange's versions spell them differently; of a name given twice the first counts."""


class NoExchange(Exception):
    """What answers there does not speak the Manager Interface."""


class Packets:
    """Collects bytes. A packet is lines `Name: value`, ended by an empty line; it is given out only when it is whole,
    so a connection dropped in the middle of one leaves nothing half understood."""

    def __init__(self) -> None:
        self._rest = b""
        self._lines: dict[str, str] = {}

    def feed(self, data: bytes) -> Iterator[Packet]:
        """The packets that these bytes complete. Raises NoExchange for a line without an end."""
        whole, end, self._rest = (self._rest + data).rpartition(b"\n")
        if len(self._rest) > LONGEST:
            raise NoExchange
        for line in whole.split(b"\n") if end else []:
            said = line.removesuffix(b"\r")
            if not said:
                if self._lines:
                    packet, self._lines = self._lines, {}
                    yield packet
                continue
            name, colon, value = said.decode("utf-8", "replace").partition(":")
            if colon:  # the greeting has none and belongs to no packet
                self._lines.setdefault(name.strip().lower(), value.strip())


def action(name: str, **fields: str) -> bytes:
    """One action as it is sent. A value with a line break would be a second header: raises ValueError."""
    said = {"Action": name, **fields}
    if any("\r" in value or "\n" in value for value in said.values()):
        raise ValueError("a value of an action holds a line break")
    return "".join(f"{key}: {value}\r\n" for key, value in said.items()).encode() + b"\r\n"
