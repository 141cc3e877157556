"""Floor and PouchDB made ready under build/ and run, as they were given: each answers one JSON object."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any, Final

GIVEN: Final = Path(__file__).parent / "peers"
NODE_OLDEST: Final = 20


class CannotMeasure(Exception):
    """Something that a peer needs is not to be had on this machine."""


def _say(text: str) -> None:
    sys.stdout.write(f"  {text}\n")
    sys.stdout.flush()


class Peers:
    """The peers below a folder on the disk that holds the stores."""

    def __init__(self, folder: Path) -> None:
        self._home = (folder / "peers").absolute()
        self._temp = self._home / "tmp"
        self._python = self._home / "venv" / "bin" / "python"

    def prepare(self) -> dict[str, str]:
        """Install what is missing, by the machine's own pip and npm configuration; answers versions.

        Raises CannotMeasure, subprocess.CalledProcessError.
        """
        self._temp.mkdir(parents=True, exist_ok=True)
        if not self._marked("floor"):
            _say("installing the floor's packages into build/peers/venv")
            venv.EnvBuilder(with_pip=True, clear=True).create(self._home / "venv")
            wanted = str(GIVEN / "floor" / "requirements.txt")
            self._quietly([str(self._python), "-m", "pip", "install", "-qq", "-r", wanted])
            self._mark("floor")
        node, npm = _node()
        for name in ("gen.py", "pouch", "floor"):
            source, target = GIVEN / name, self._home / name
            if source.is_dir():
                shutil.copytree(source, target, dirs_exist_ok=True)
            else:
                shutil.copy(source, target)
        if not self._marked("pouch"):
            _say("installing PouchDB by npm ci into build/peers/pouch")
            self._quietly([npm, "ci", "--no-audit", "--no-fund"], cwd=self._home / "pouch")
            self._mark("pouch")
        listed = self._quietly([str(self._python), "-m", "pip", "list", "--format=json"])
        packages = {one["name"].lower(): one["version"] for one in json.loads(listed)}
        named = ("sqlcipher3", "uvicorn", "orjson", "zstandard", "requests")
        return {"node": self._quietly([node, "--version"]).strip(), **{name: packages[name] for name in named}}

    def floor(self, count: int) -> dict[str, Any]:
        """SQLCipher → HTTP → SQLite → SQLCipher with no protocol at all: push, pull, one change live."""
        said = self._quietly([str(self._python), "bench.py", str(count), "--only", "sync"], cwd=self._home / "floor")
        found: dict[str, Any] = json.loads(said.splitlines()[-1])["sync"]["uvicorn_sqlite_server"]
        return found

    def pouch(self, count: int) -> dict[str, Any]:
        """PouchDB → express-pouchdb → PouchDB. Raises CannotMeasure where not every record arrived."""
        said = self._quietly([_node()[0], "bench.mjs", str(count)], cwd=self._home / "pouch")
        found: dict[str, Any] = json.loads(said.splitlines()[-1])
        if not found["ok"]:
            raise CannotMeasure("PouchDB lost records")
        return found

    def _quietly(self, command: list[str], cwd: Path | None = None) -> str:
        # Their stores lie where ours do, not on a memory disk.
        env = {**os.environ, "TMPDIR": str(self._temp)}
        done = subprocess.run(command, cwd=cwd, env=env, stdout=subprocess.PIPE, check=True, text=True, timeout=3_600)
        return done.stdout

    def _lock(self, name: str) -> bytes:
        return (GIVEN / {"floor": "floor/requirements.txt", "pouch": "pouch/package-lock.json"}[name]).read_bytes()

    def _marked(self, name: str) -> bool:
        stamp = self._home / f"ok-{name}"
        return stamp.exists() and stamp.read_bytes() == self._lock(name)

    def _mark(self, name: str) -> None:
        (self._home / f"ok-{name}").write_bytes(self._lock(name))


def _node() -> tuple[str, str]:
    """Node and npm of this machine; as root they are installed by apt when missing. Raises CannotMeasure."""
    for _ in range(2):
        node, npm = shutil.which("node"), shutil.which("npm")
        if node and npm and _major(node) >= NODE_OLDEST:
            return node, npm
        if not shutil.which("apt-get") or os.geteuid() != 0:
            break
        _say("installing nodejs and npm by apt-get")
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "install", "-y", "-q", "nodejs", "npm"], env=env, check=False, timeout=1_800)
    raise CannotMeasure(f"PouchDB needs node {NODE_OLDEST} or newer and npm: install the packages nodejs and npm")


def _major(node: str) -> int:
    said = subprocess.run([node, "--version"], stdout=subprocess.PIPE, check=True, text=True, timeout=60).stdout
    return int(said.strip().lstrip("v").partition(".")[0])
