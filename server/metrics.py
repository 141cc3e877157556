"""Figures for whoever watches over the machines, in the text format of Prometheus 0.0.4, told on this machine alone.

What stands here is counts, times and names of seats: no word, no number of a caller, no name of a person. It has a
door of its own on the loopback address, so that what stands in front of the centre's door can never hand it on.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, NamedTuple

from server.operations.centre import Centre
from server.store import accounts, acts, held, proven
from server.store.backed_up import BACKED_UP_AT, BACKED_UP_FEED
from server.store.engine import Connection
from sync.replica import node, recount
from sync.troubles import Trouble

HERE: Final = "127.0.0.1"
PATH: Final = "/metrics"
PLAIN: Final = "text/plain; version=0.0.4; charset=utf-8"
_HOSTS: Final = frozenset({"127.0.0.1", "localhost"})
_PATIENCE_S: Final = 10


class Figure(NamedTuple):
    """One figure with what it means, and its values by labels."""

    name: str
    what: str
    values: list[tuple[dict[str, str], float]]


def figures(connection: Connection, now_ms: int) -> list[Figure]:
    """All of them, read at one moment. Times are UTC seconds; a time that never was has no value."""
    known = node.everything(connection)
    counted = recount.state_in(known)
    stand = proven.all_devices(connection)
    proofs = [one for one in stand if one.at is not None]
    never = len(stand) - len(proofs)
    to = int(known.get(BACKED_UP_FEED) or 0)
    return [
        Figure("time_seconds", "The clock of this centre or hub.", _one(now_ms / 1_000)),
        Figure("devices", "Enrolled devices.", [
            ({"state": "standing"}, len(stand)),
            ({"state": "revoked"}, accounts.count_revoked(connection)),
        ]),
        Figure("proven_equal_timestamp_seconds", "When the device was last proven to hold the same.", [
            ({"device": one.device, "centre": one.centre, "seat": one.seat}, (one.at or 0) / 1_000) for one in proofs
        ]),
        Figure("devices_never_proven", "Devices that stand and were never proven.", _one(never)),
        Figure("feed_number", "The last number of the feed.", _one(node.feed(connection))),
        Figure("held_operations", "Operations that are held, shown to nobody yet.", _one(held.count(connection))),
        Figure("backup_verified_timestamp_seconds", "When a backup was last verified.", _at(known.get(BACKED_UP_AT))),
        Figure("backup_feed_number", "Up to which feed number that backup reaches.", _one(to)),
        Figure("unusual_unseen", "Persons who opened or exported too much at once, looked at by nobody yet.", [
            ({"reason": reason}, many) for reason, many in sorted(acts.count_unseen(connection).items())
        ]),
        Figure("recounted_timestamp_seconds", "When all sums were last counted anew.", _at(counted.at_ms)),
        Figure("slipped_sums", "Sums that the last two recounts found wrong.", _one(counted.last + counted.found)),
    ]  # fmt: skip


def _one(value: float) -> list[tuple[dict[str, str], float]]:
    return [({}, value)]


def _at(ms: int | str | None) -> list[tuple[dict[str, str], float]]:
    return _one(int(ms) / 1_000) if ms else []


def text_of(told: Iterable[Figure]) -> str:
    """The text format: every figure with its meaning, a line for each value."""
    lines: list[str] = []
    for one in told:
        name = f"tram111_{one.name}"
        lines += [f"# HELP {name} {one.what}", f"# TYPE {name} gauge"]
        for labels, value in one.values:
            inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
            lines.append(f"{name}{'{' + inside + '}' if inside else ''} {value:.15g}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


class _Door(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = False  # another service that has this port is not to be shared with
    centre: Centre

    def handle_error(self, request: object, client_address: object) -> None:
        """A watcher that went away in the middle is nobody's trouble."""


class _Request(BaseHTTPRequestHandler):
    server: _Door
    timeout = _PATIENCE_S

    def do_GET(self) -> None:
        # A page in a browser on this machine must not read it under a name of its own (DNS rebinding).
        if self.headers.get("Host", "").rpartition(":")[0] not in _HOSTS:
            self.send_error(403)
        elif self.path != PATH:
            self.send_error(404)
        else:
            self._tell()

    def _tell(self) -> None:
        centre = self.server.centre
        try:
            told = text_of(centre.read(lambda connection: figures(connection, centre.now_ms()))).encode()
        except Trouble:
            self.send_error(503)
            return
        self.send_response(200)
        self.send_header("Content-Type", PLAIN)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, *_words: object) -> None:
        """Nothing: the log is for what went wrong."""


@contextlib.contextmanager
def told_here(centre: Centre, port: int | None) -> Iterator[str]:
    """While it lasts, the figures are told at the URL that it gives (port 0: a free one; None: nowhere, an empty
    URL). Raises OSError where the port is taken."""
    if port is None:
        yield ""
        return
    with _Door((HERE, port), _Request) as door:
        door.centre = centre
        thread = threading.Thread(target=door.serve_forever, args=(0.1,), name="metrics")
        thread.start()
        try:
            yield f"http://{HERE}:{door.server_address[1]}{PATH}"
        finally:
            door.shutdown()
            thread.join()
