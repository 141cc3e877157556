"""The centre as a process of its own: announced when ready, ended cleanly, and its commands beside it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import server
from server.store.engine import KEY, open_store
from sync import transport
from tests.server.conftest import emptied
from tests.server.ground import Desk, InThread

ROOT = Path(server.__file__).parent.parent
Command = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Command]:
    """Starts `python -m server …` over one data folder; what still runs at the end is ended."""
    begun: list[subprocess.Popen[str]] = []

    def start(*words: str) -> subprocess.Popen[str]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
        one = subprocess.Popen(
            [sys.executable, "-m", "server", words[0], "--data", str(tmp_path / "data"), *words[1:]],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, text=True, encoding="utf-8",
        )  # fmt: skip
        begun.append(one)
        return one

    yield start
    for one in begun:
        if one.poll() is None:
            one.kill()
        one.communicate()


def said(one: subprocess.Popen[str], code: int = 0) -> str:
    out, err = one.communicate(timeout=30)
    assert one.returncode == code, err
    return out


def announced(one: subprocess.Popen[str]) -> dict[str, str]:
    assert one.stdout is not None
    line: dict[str, str] = json.loads(one.stdout.readline())
    return line


@pytest.mark.parametrize("stored", ["sqlcipher", "postgresql"])
def test_a_served_centre_with_a_code_from_beside_it_and_a_clean_end(
    command: Command, request: pytest.FixtureRequest, stored: str
) -> None:
    more = [] if stored == "sqlcipher" else ["--database", emptied(request.getfixturevalue("postgres_home"))]
    serving = command("serve", "--port", "0", "--announce", *more)
    told = announced(serving)
    code = said(command("code", "--centre", "an_giang", "--seat", "AG05", "--no-approval", *more)).strip()
    key = Ed25519PrivateKey.generate()
    enrolled = transport.enrol(told["url"], code, key.public_key().public_bytes_raw(), "máy 5")
    assert (enrolled.seat, enrolled.lineage) == ("AG05", told["lineage"])
    desk = Desk(enrolled, key, told["url"])
    desk.write_contact("a")
    strange = desk.node.act()
    strange.change("contact", "nowhere", "dossier:a", {}, {"summary": "x"})
    desk.node.write(strange)
    assert [one.why for one in desk.push().held] == ["missing_target"]
    desk.pull()
    waiting = InThread(lambda: desk.road.pull(desk.lineage, desk.cursor, 100, 30.0, 40.0))
    beside = [command(word, *more) for word in ("held", "health", "verify")]
    held, counted, verified = (json.loads(said(one)) for one in beside)
    assert (held["n"], held["why"]) == (3, "missing_target")
    assert (counted["feed"], counted["held"], counted["lineage"]) == (4, 1, told["lineage"])
    assert (verified["operations"], verified["held"], verified["differences"]) == (4, 1, [])
    began = time.monotonic()
    serving.send_signal(signal.SIGTERM)
    said(serving)
    assert time.monotonic() - began < 2.5
    assert waiting.outcome() is None
    desk.close()


def test_verify_says_what_differs_and_ends_with_one(command: Command, tmp_path: Path) -> None:
    said(command("health"))
    store = open_store(tmp_path / "data", None)
    with store.writing() as connection:
        connection.exec_driver_sql("UPDATE node SET value = '7' WHERE key = 'feed'")
    store.close()
    told = json.loads(said(command("verify"), code=1))
    assert told["differences"] == ["commit numbers: 0 operations, last 0, feed 7"]


@pytest.mark.parametrize(
    ("spoil", "words", "sentence"),
    [
        ("key", ["health"], "Khóa server.key không mở được kho"),
        ("", ["code", "--centre", "hanoi", "--seat", "AG01"], "không thuộc trung tâm hanoi"),
        ("", ["code", "--centre", "hanoi", "--seat", "X1"], "Ghế không đúng dạng"),
        ("", ["serve", "--host", "203.0.113.7", "--port", "0"], "hãy kiểm tra --host"),
        ("", ["health", "--database", "postgresql+psycopg://t@/x?host=/nowhere"], "PostgreSQL"),
        ("", ["health", "--database", "nosuch://x"], "--database"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    command: Command, tmp_path: Path, spoil: str, words: list[str], sentence: str
) -> None:
    if spoil:
        said(command("health"))
        (tmp_path / "data" / KEY).write_text("00" * 32)
    one = command(*words)
    _, err = one.communicate(timeout=30)
    assert one.returncode == 2
    lines = [line for line in err.splitlines() if " INFO " not in line]
    assert len(lines) == 1, err
    assert sentence in lines[0]
