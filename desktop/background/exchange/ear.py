"""What a desk makes of the exchange's events: a call is taken here, made here, ended, or given up by its caller."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from desktop.background.exchange.packets import Packet

_SUFFIX: Final = re.compile(r"-[0-9a-f]+(;[12])?$")
_DIALLED: Final = re.compile(r"\+?[0-9]{3,20}")
REMEMBERED: Final = 1_000
"""So many ended calls are remembered: one whose last channel lingers must not begin again."""

_UP: Final = "6"
_HIDDEN: Final = {"", "<unknown>", "anonymous", "unknown", "restricted"}


_MOST_TIME: Final = 1 << 42
"""UTC ms of the year 2109: a time behind it was not said by a clock."""
_MOST_DIGITS: Final = 6


class Turn(StrEnum):
    """What happened to a call."""

    ANSWERED = "answered"
    DIALLED = "dialled"
    ENDED = "ended"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Heard:
    """One turn of one call. `uniqueid` is the one of its first channel (the exchange's Linkedid, and the uniqueid of
    its record in the exchange's file). Times are UTC ms; `number` may be empty."""

    turn: Turn
    uniqueid: str
    number: str
    ring_at: int
    at: int


@dataclass(slots=True)
class _Known:
    """A call that exists. `here`: this seat's telephone is or was in it; `waits`: it may still be missed."""

    linked: str
    number: str
    since: int
    here: bool = False
    waits: bool = False
    answered: bool = False
    over: bool = False
    dialled: str = ""

    def turn(self, turn: Turn, at: int) -> Heard:
        return Heard(turn, self.linked, self.number, self.since, at)


class Ear:
    """Follows the calls of an exchange. `interface` is this seat's telephone as the exchange names it (`PJSIP/AG03`).

    Events of other seats only say that a call is answered. After a dropped connection the list of channels
    (CoreShowChannels) is compared with what was known: turns that fell into the gap are told then, none twice.
    """

    def __init__(self, interface: str) -> None:
        self._interface = interface.casefold()
        self._calls: dict[str, _Known] = {}
        self._over: deque[str] = deque(maxlen=REMEMBERED)
        self._listed: dict[str, list[Packet]] = {}
        self._events: dict[str, Callable[[Packet, _Known, int], Iterator[Heard]]] = {
            "newchannel": self._new_channel,
            "queuecallerjoin": self._joins,
            "agentcalled": self._dial_begins,
            "dialbegin": self._dial_begins,
            "dialend": self._dial_ends,
            "agentconnect": self._taken,
            "bridgeenter": self._bridged,
            "queuecallerabandon": self._given_up,
            "hangup": self._hung_up,
        }

    def hear(self, packet: Packet, now_ms: int) -> Iterator[Heard]:
        """The turns that one event makes."""
        event = packet.get("event", "").casefold()
        linked = packet.get("linkedid") or packet.get("uniqueid", "")
        at = _time(packet, now_ms)
        if event == "coreshowchannel":
            self._listed.setdefault(linked, []).append(packet)
        elif event == "coreshowchannelscomplete":
            yield from self._caught_up(at)
        elif linked and event in self._events and linked not in self._over:
            known = self._calls.get(linked)
            if known is None and event == "hangup":
                return
            if known is None:
                whose = "calleridnum" if _is_first(packet) else "connectedlinenum"
                known = self._calls[linked] = _Known(linked, _number(packet, whose), at)
            yield from self._events[event](packet, known, at)

    def begin_again(self) -> None:
        """A new connection: the list of channels that follows says what is so."""
        self._listed = {}

    # One event each ----------------------------------------------------------------------------------------

    def _new_channel(self, packet: Packet, known: _Known, _at: int) -> Iterator[Heard]:
        self._begins_here(packet, known)
        yield from ()

    def _begins_here(self, packet: Packet, known: _Known) -> None:
        exten = packet.get("exten", "")
        if _is_first(packet) and self._is_here(packet.get("channel", "")) and _DIALLED.fullmatch(exten):
            known.here, known.dialled = True, exten

    def _joins(self, _packet: Packet, known: _Known, _at: int) -> Iterator[Heard]:
        known.waits = True
        yield from ()

    def _dial_begins(self, packet: Packet, known: _Known, at: int) -> Iterator[Heard]:
        if self._rings_here(packet):
            known.waits = True
        yield from self._dials(known, at)

    def _dials(self, known: _Known, at: int) -> Iterator[Heard]:
        if known.dialled:
            known.number, known.dialled = known.dialled, ""
            known.answered = True
            yield known.turn(Turn.DIALLED, at)

    def _dial_ends(self, packet: Packet, known: _Known, at: int) -> Iterator[Heard]:
        if packet.get("dialstatus", "").upper() == "ANSWER":
            yield from self._taken(packet, known, at)

    def _taken(self, packet: Packet, known: _Known, at: int) -> Iterator[Heard]:
        yield from self._spoken(known, at, here=self._rings_here(packet))

    def _bridged(self, packet: Packet, known: _Known, at: int) -> Iterator[Heard]:
        if not _is_first(packet):
            yield from self._spoken(known, at, here=self._is_here(packet.get("channel", "")))

    def _spoken(self, known: _Known, at: int, *, here: bool) -> Iterator[Heard]:
        yield from self._dials(known, at)
        known.answered = True
        if here and not known.here:
            known.here = True
            yield known.turn(Turn.ANSWERED, at)

    def _given_up(self, _packet: Packet, known: _Known, at: int) -> Iterator[Heard]:
        if not known.answered and not known.over:
            known.over = True
            yield known.turn(Turn.MISSED, at)

    def _hung_up(self, packet: Packet, known: _Known, at: int) -> Iterator[Heard]:
        whole = _is_first(packet)
        if whole or self._is_here(packet.get("channel", "")):
            yield from self._ends(known, at, whole=whole)
        if whole:
            self._forget(known)

    def _forget(self, known: _Known) -> None:
        """Its first channel is gone: what its other channels still say is of the past."""
        del self._calls[known.linked]
        self._over.append(known.linked)

    def _ends(self, known: _Known, at: int, *, whole: bool) -> Iterator[Heard]:
        if known.over:
            return
        if known.here and known.answered:
            known.over = True
            yield known.turn(Turn.ENDED, at)
        elif whole and known.waits and not known.answered:
            known.over = True
            yield known.turn(Turn.MISSED, at)

    # After a gap -------------------------------------------------------------------------------------------

    def _caught_up(self, at: int) -> Iterator[Heard]:
        listed, self._listed = self._listed, {}
        for linked, channels in listed.items():
            if linked not in self._over:
                yield from self._as_listed(linked, channels, at)
        for known in [one for linked, one in self._calls.items() if linked not in listed]:
            yield from self._ends(known, at, whole=True)
            self._forget(known)

    def _as_listed(self, linked: str, channels: list[Packet], at: int) -> Iterator[Heard]:
        first = next((one for one in channels if _is_first(one)), channels[0])
        known = self._calls.get(linked)
        if known is None:
            whose = "calleridnum" if _is_first(first) else "connectedlinenum"
            since = at - _duration_ms(first.get("duration", ""))
            known = self._calls[linked] = _Known(linked, _number(first, whose), since)
            self._begins_here(first, known)
        known.waits = known.waits or first.get("application", "").casefold() == "queue"
        others = [one for one in channels if not _is_first(one)]
        if others:
            yield from self._dials(known, at)
        for one in others:
            here = self._is_here(one.get("channel", ""))
            if one.get("channelstate") == _UP and one.get("bridgeid"):
                yield from self._spoken(known, at, here=here)
            known.waits = known.waits or here
        if known.here and known.answered and not any(self._is_here(one.get("channel", "")) for one in channels):
            yield from self._ends(known, at, whole=False)

    # What a packet says ------------------------------------------------------------------------------------

    def _rings_here(self, packet: Packet) -> bool:
        return self._is_here(packet.get("destchannel", "")) or self._is_here(packet.get("interface", ""))

    def _is_here(self, channel: str) -> bool:
        return bool(channel) and _SUFFIX.sub("", channel).casefold() == self._interface


def _is_first(packet: Packet) -> bool:
    return packet.get("uniqueid", "") == (packet.get("linkedid") or packet.get("uniqueid", ""))


def _number(packet: Packet, name: str) -> str:
    number = packet.get(name, "")
    return "" if number.casefold() in _HIDDEN else number


def _time(packet: Packet, now_ms: int) -> int:
    """The exchange's own time of the event where it gives one (`timestampevents`), else the desk's (UTC ms)."""
    try:
        at = round(float(packet["timestamp"]) * 1000)
    except (KeyError, ValueError, OverflowError):
        return now_ms
    return at if 0 <= at < _MOST_TIME else now_ms


def _duration_ms(text: str) -> int:
    """`hh:mm:ss` in milliseconds; 0 where it says nothing."""
    parts = text.split(":")
    if len(parts) != 3 or not all(part.isdecimal() and len(part) <= _MOST_DIGITS for part in parts):
        return 0
    hours, minutes, seconds = (int(part) for part in parts)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000
