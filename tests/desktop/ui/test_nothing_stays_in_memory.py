"""S-04: memory of a real desk process, scanned from outside: all canaries and the key before the seal, none after."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from desktop import app
from desktop.home import Home
from desktop.store.keys import KeySlots
from tests.desktop.ui import desk_to_seal
from tests.desktop.ui.conftest import CHEAP, STAFF, given

CHUNK = 1 << 22
OVERLAP = 512


def shapes(canary: str | bytes) -> dict[str, bytes]:
    """Every way a word (or a key) may lie in memory."""
    if isinstance(canary, bytes):
        return {"raw": canary, "hex": canary.hex().encode(), "HEX": canary.hex().upper().encode(),
                "hex16": canary.hex().encode("utf-16-le"), "hex32": canary.hex().encode("utf-32-le")}  # fmt: skip
    return {name: canary.encode(name) for name in ("utf-8", "utf-16-le", "utf-32-le")} | {
        "hex": canary.encode().hex().encode()
    }


def scan(pid: int, wanted: dict[str, dict[str, bytes]]) -> dict[str, dict[str, int]]:
    """How often each canary lies in each shape in the readable memory of a process."""
    found = {name: dict.fromkeys(forms, 0) for name, forms in wanted.items()}
    maps = Path(f"/proc/{pid}/maps").read_text("ascii", "replace").splitlines()
    with open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            span = re.match(r"([0-9a-f]+)-([0-9a-f]+) r", line)
            if span is None or "[vvar" in line or "[vsyscall]" in line:
                continue
            at, end = (int(part, 16) for part in span.groups())
            while at < end:
                try:
                    memory.seek(at)
                    held = memory.read(min(CHUNK + OVERLAP, end - at))
                except OSError:  # a mapping of a device, or one that went since
                    break
                for name, forms in wanted.items():
                    for form, pattern in forms.items():
                        found[name][form] += held.count(pattern)
                at += CHUNK
    return found


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A desk without any server."""
    home = Home(tmp_path / "desk")
    home.prepare()
    return home


def test_every_canary_and_the_key_lie_in_memory_before_the_seal_and_none_after(home: Home) -> None:
    passphrase = f"câu khó đoán {secrets.token_hex(8)}"
    KeySlots(home.slots, CHEAP, calibrate=False).create(STAFF, passphrase)
    app.enrol(home, "", "", STAFF, passphrase, enroller=given, key_cost=CHEAP)
    number = "+849" + "".join(secrets.choice("0123456789") for _ in range(8))
    words = {
        "number": number,
        "name": f"KTRA_Nguyễn_Thị_Bé_{secrets.token_hex(8)}",
        "story": f"KTRA em kể rằng {secrets.token_hex(8)} và không ai biết",
    }
    wanted = {name: shapes(word) for name, word in words.items()}
    wanted["passphrase"] = shapes(passphrase)
    wanted["store key"] = shapes(KeySlots(home.slots, CHEAP).open(STAFF, passphrase))
    environment = {**os.environ, desk_to_seal.BEFORE: "1", "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-m", desk_to_seal.__name__, str(home.root)]
    desk = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
        cwd=Path(__file__).parents[3],
    )  # fmt: skip
    assert desk.stdin is not None
    assert desk.stdout is not None
    try:
        for word in (STAFF, passphrase, number, words["name"], words["story"]):
            print(word, file=desk.stdin, flush=True)
        assert desk.stdout.readline() == "WRITTEN 0 0\n", "memory is closed to other programs, core files are empty"
        if os.geteuid() != 0:
            with pytest.raises(PermissionError):  # S-24: the same account may not look; root looks on below
                scan(desk.pid, wanted)
            return
        before = scan(desk.pid, wanted)
        print("seal", file=desk.stdin, flush=True)
        assert desk.stdout.readline() == "ASKING 1 0\n"
        after = scan(desk.pid, wanted)
    finally:
        desk.kill()
        desk.communicate()
    print("S-04 before:", {name: sum(forms.values()) for name, forms in before.items()})
    print("S-04 after: ", {name: sum(forms.values()) for name, forms in after.items()})
    missing = [name for name, forms in before.items() if not any(forms.values()) and name != "passphrase"]
    assert not missing, "a scan that does not find what is there proves nothing"
    assert not {name: forms for name, forms in after.items() if any(forms.values())}
