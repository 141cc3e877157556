"""An exchange on loopback: replays events as Asterisk documents them, in pieces, and drops the line where told."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from random import Random

Event = dict[str, str]
SECRET = "một bí mật"
GREETING = b"Asterisk Call Manager/7.0.3\r\n"


def event(name: str, **fields: str) -> Event:
    """One event with the fields that every documented one has."""
    return {"Event": name, "Privilege": "call,all", **fields}


def channel(name: str, uniqueid: str, linked: str, number: str, exten: str = "111") -> Event:
    """What Newchannel says."""
    return event(
        "Newchannel", Channel=name, ChannelState="4", ChannelStateDesc="Ring", CallerIDNum=number,
        CallerIDName=number, ConnectedLineNum="<unknown>", ConnectedLineName="<unknown>", Language="vi",
        AccountCode="", Context="hotline", Exten=exten, Priority="1", Uniqueid=uniqueid, Linkedid=linked,
    )  # fmt: skip


def incoming(n: int, number: str, seat: str | None, *, ends: str = "caller") -> list[Event]:
    """A call through the queue: taken at a seat, or given up where there is none. Its id is `n.1`."""
    caller = {"Channel": f"PJSIP/trunk-{n:08x}", "CallerIDNum": number, "Uniqueid": f"{n}.1", "Linkedid": f"{n}.1"}
    said = [
        channel(caller["Channel"], f"{n}.1", f"{n}.1", number),
        event("QueueCallerJoin", Queue="q111-ag", Position="1", Count="1", **caller),
    ]
    over = event("Hangup", Cause="16", **{"Cause-txt": "Normal Clearing"}, **caller)
    if seat is None:
        return [*said, event("QueueCallerAbandon", Queue="q111-ag", Position="1", HoldTime="9", **caller), over]
    name = f"PJSIP/{seat}-{n:08x}"
    dest = {"DestChannel": name, "DestCallerIDNum": seat, "DestUniqueid": f"{n}.2", "DestLinkedid": f"{n}.1"}
    agent = {"Queue": "q111-ag", "MemberName": seat, "Interface": f"PJSIP/{seat}"}
    callee = {"Channel": name, "CallerIDNum": seat, "ConnectedLineNum": number, "Uniqueid": f"{n}.2",
              "Linkedid": f"{n}.1"}  # fmt: skip
    bridge = {"BridgeUniqueid": f"bridge-{n}", "BridgeType": "basic"}
    ends_first, ends_then = (caller, callee) if ends == "caller" else (callee, caller)
    return [
        *said,
        channel(name, f"{n}.2", f"{n}.1", seat, exten=""),
        event("AgentCalled", **agent, **caller, **dest),
        event("DialBegin", DialString=seat, **caller, **dest),
        event("DialEnd", DialStatus="ANSWER", **caller, **dest),
        event("AgentConnect", HoldTime="7", RingTime="3", **agent, **caller, **dest),
        event("BridgeEnter", **bridge, **callee),
        event("BridgeEnter", **bridge, **caller),
        event("BridgeLeave", **bridge, **ends_first),
        event("Hangup", Cause="16", **ends_first),
        event("Hangup", Cause="16", **ends_then),
    ]


def outgoing(n: int, seat: str, number: str) -> list[Event]:
    """A call that a seat makes; it is answered."""
    own = {"Channel": f"PJSIP/{seat}-{n:08x}", "CallerIDNum": seat, "Uniqueid": f"{n}.1", "Linkedid": f"{n}.1"}
    dest = {"DestChannel": f"PJSIP/trunk-{n:08x}", "DestUniqueid": f"{n}.2", "DestLinkedid": f"{n}.1"}
    other = {"Channel": dest["DestChannel"], "CallerIDNum": number, "Uniqueid": f"{n}.2", "Linkedid": f"{n}.1"}
    bridge = {"BridgeUniqueid": f"bridge-{n}", "BridgeType": "basic"}
    return [
        channel(own["Channel"], f"{n}.1", f"{n}.1", seat, exten=number),
        channel(other["Channel"], f"{n}.2", f"{n}.1", number, exten=""),
        event("DialBegin", DialString=f"{number}@trunk", **own, **dest),
        event("DialEnd", DialStatus="ANSWER", **own, **dest),
        event("BridgeEnter", **bridge, **other),
        event("BridgeEnter", **bridge, **own),
        event("Hangup", Cause="16", **own),
        event("Hangup", Cause="16", **other),
    ]


def woven(calls: Sequence[list[Event]], random: Random) -> list[Event]:
    """The events of several calls, each in its order, as they come when calls overlap."""
    left, out = [list(call) for call in calls], []
    while left := [call for call in left if call]:
        out.append(random.choice(left).pop(0))
    return out


class Channels:
    """Which channels exist: what CoreShowChannels answers."""

    def __init__(self) -> None:
        self._now: dict[str, Event] = {}

    def follow(self, said: Event) -> None:
        """Let one event change them."""
        known = self._now.get(said.get("Uniqueid", ""))
        if said["Event"] == "Newchannel":
            self._now[said["Uniqueid"]] = {**said, "Event": "CoreShowChannel", "Duration": "00:00:05",
                                           "Application": "", "BridgeId": ""}  # fmt: skip
        elif said["Event"] == "Hangup":
            self._now.pop(said["Uniqueid"], None)
        elif said["Event"] == "QueueCallerJoin" and known:
            known["Application"], known["ChannelState"] = "Queue", "6"
        elif said["Event"] == "DialEnd":
            self._now[said["DestUniqueid"]]["ChannelState"] = "6"
        elif said["Event"] == "BridgeEnter" and known:
            known["BridgeId"], known["ChannelState"] = said["BridgeUniqueid"], "6"

    def listed(self) -> list[Event]:
        """The answer, and the event that ends it."""
        done = event("CoreShowChannelsComplete", EventList="Complete", ListItems=str(len(self._now)))
        return [{**one, "ActionID": "channels"} for one in self._now.values()] + [done]


def written(packets: Iterable[Event]) -> bytes:
    """Packets as bytes of the line."""
    return b"".join("".join(f"{k}: {v}\r\n" for k, v in one.items()).encode() + b"\r\n" for one in packets)


class LoopbackExchange(threading.Thread):
    """Says the script once, over as many connections as its cuts need. `cuts` are places in the script: that event is
    begun and never ended, and is not said again."""

    def __init__(self, script: Sequence[Event], cuts: set[int], random: Random) -> None:
        super().__init__(name="loopback-exchange", daemon=True)
        self._script, self._cuts, self._random = script, cuts, random
        self._channels, self._place = Channels(), 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self.actions: list[dict[str, str]] = []
        self.said_all = threading.Event()
        self.heard_pause = threading.Event()
        self.refuses: set[str] = set()
        """Actions that it does not take, as where a seat is in no queue."""
        self._end = threading.Event()
        self._connection: socket.socket | None = None

    def drop(self) -> None:
        """The line to the desk breaks now."""
        if self._connection is not None:
            self._connection.shutdown(socket.SHUT_RDWR)

    def run(self) -> None:
        """One connection after the other."""
        while not self._end.is_set():
            with suppress(OSError):
                connection, _ = self._server.accept()
                with connection:
                    self._connection = connection
                    self._serve(connection)

    def close(self) -> None:
        """End."""
        self._end.set()
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.join(10)

    def _serve(self, connection: socket.socket) -> None:
        connection.sendall(GREETING)
        reader = connection.makefile("rb")
        while not self._end.is_set():
            asked = self._read(reader)
            if asked is None:
                return
            self.actions.append(asked)
            name, mark = asked["Action"], asked["ActionID"]
            if name == "Challenge":
                self._say(connection, [{"Response": "Success", "ActionID": mark, "Challenge": "804253"}])
            elif name == "Login":
                key = hashlib.md5(f"804253{SECRET}".encode()).hexdigest()
                known = "Success" if asked["Key"] == key else "Error"
                self._say(connection, [{"Response": known, "ActionID": mark, "Message": "Authentication"}])
            elif name == "CoreShowChannels":
                start = {"Response": "Success", "EventList": "start", "ActionID": mark}
                self._say(connection, [start, *self._channels.listed()])
                if not self._tell(connection):
                    return
            else:
                well = "Error" if name in self.refuses else "Success"
                self._say(connection, [{"Response": well, "ActionID": mark, "Message": "Interface"}])
                if name == "QueuePause":
                    self.heard_pause.set()

    def _tell(self, connection: socket.socket) -> bool:
        while self._place < len(self._script):
            place, said = self._place, self._script[self._place]
            self._place += 1
            self._channels.follow(said)
            whole = written([said])
            if place in self._cuts:
                connection.sendall(whole[: self._random.randrange(1, len(whole))])
                return False
            self._pieces(connection, whole)
        self.said_all.set()
        return True

    def _say(self, connection: socket.socket, packets: Sequence[Event]) -> None:
        self._pieces(connection, written(packets))

    def _pieces(self, connection: socket.socket, data: bytes) -> None:
        while data:
            size = self._random.randrange(1, 200)
            connection.sendall(data[:size])
            data = data[size:]

    def _read(self, reader: object) -> dict[str, str] | None:
        found: dict[str, str] = {}
        while line := reader.readline():  # type: ignore[attr-defined]  # what makefile gives has no public name
            if line == b"\r\n":
                return found
            name, _, value = line.decode().strip().partition(": ")
            found[name] = value
        return None
