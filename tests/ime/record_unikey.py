"""Records what the real ibus-unikey answers to keys: `python -m tests.ime.record_unikey OUT` (Debian only).

Needs the Debian packages `ibus` and `ibus-unikey` and speaks IBus' own D-Bus protocol; run once, its output is kept
in tests/data/ime and replayed by the tests, which need neither."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from jeepney import DBusAddress, new_method_call
from jeepney.io.blocking import DBusConnection, open_dbus_connection

from tests.ime import telex
from tests.ime.said import CORRECTIONS, SAID

_IBUS = DBusAddress("/org/freedesktop/IBus", "org.freedesktop.IBus", "org.freedesktop.IBus")
_PREEDIT, _FOCUS = 1, 8  # IBusCapabilite
_PATIENCE_S = 20.0
_KEYSYM = {"\b": 0xFF08, "\r": 0xFF0D}


class Engine:
    """One input context of a running IBus with Unikey switched on."""

    def __init__(self, wire: DBusConnection) -> None:
        self._wire = wire
        path = self._call(_IBUS, "CreateInputContext", "s", ("tram111",))[0]
        self._context = DBusAddress(path, "org.freedesktop.IBus", "org.freedesktop.IBus.InputContext")
        self._call(self._context, "SetCapabilities", "u", (_PREEDIT | _FOCUS,))
        self._call(self._context, "FocusIn", "", ())
        self._call(self._context, "SetEngine", "s", ("Unikey",))

    def _call(self, to: DBusAddress, name: str, signature: str, body: tuple[Any, ...]) -> tuple[Any, ...]:
        reply = self._wire.send_and_get_reply(new_method_call(to, name, signature, body), timeout=_PATIENCE_S)
        return tuple(reply.body)

    def press(self, key: str) -> dict[str, Any]:
        """What one key brings: whether the engine took it, and what it then told, in order."""
        symbol = _KEYSYM.get(key) or ord(key)
        message = new_method_call(self._context, "ProcessKeyEvent", "uuu", (symbol, 0, 0))
        serial = next(self._wire.outgoing_serial)
        self._wire.send(message, serial=serial)
        told: list[list[Any]] = []
        while True:
            got = self._wire.receive(timeout=_PATIENCE_S)
            fields = got.header.fields
            if fields.get(_field("reply_serial")) == serial:
                return {"key": key, "taken": bool(got.body[0]), "told": told}
            event = _event(fields.get(_field("member"), ""), got.body)
            if event is not None:
                told.append(event)


def _field(name: str) -> Any:
    from jeepney import HeaderFields

    return HeaderFields[name]


def _event(member: str, body: tuple[Any, ...]) -> list[Any] | None:
    if member == "CommitText":
        return ["commit", _text(body[0])]
    if member in ("UpdatePreeditText", "UpdatePreeditTextWithMode"):
        return ["preedit", _text(body[0]) if body[2] else "", int(body[1])]
    if member == "HidePreeditText":
        return ["preedit", "", 0]
    if member == "ForwardKeyEvent":
        return ["forward", int(body[0])]
    if member == "DeleteSurroundingText":
        return ["delete", int(body[0]), int(body[1])]
    return None


def _text(variant: tuple[str, Any]) -> str:
    return str(variant[1][2])  # (sa{sv}sv): the name, attachments, the text, its attributes


def main(out: str) -> int:
    """Start IBus by itself, type everything, write the streams."""
    daemon = subprocess.Popen(["ibus-daemon", "--panel=disable", "--config=disable", "-r"])
    try:
        os.environ["DBUS_SESSION_BUS_ADDRESS"] = _address()
        engine = Engine(open_dbus_connection("SESSION"))
        streams = [
            {"text": text, "keys": [engine.press(key) for key in telex.keys(text) + "\r"]} for text in SAID
        ] + [{"text": text, "keys": [engine.press(key) for key in typed + "\r"]} for typed, text in CORRECTIONS]
    finally:
        daemon.terminate()
        daemon.wait(_PATIENCE_S)
    version = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${Version}", "ibus-unikey"], capture_output=True, text=True, check=True
    ).stdout
    found = {"engine": version, "method": "Telex", "streams": streams}
    Path(out).write_text(json.dumps(found, ensure_ascii=False, indent=None) + "\n", encoding="utf-8")
    return 0


def _address() -> str:
    end = time.monotonic() + _PATIENCE_S
    while time.monotonic() < end:
        done = subprocess.run(["ibus", "address"], capture_output=True, text=True, check=False)
        if done.stdout.startswith("unix:"):
            return done.stdout.strip()
    raise TimeoutError("ibus-daemon gave no address")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
