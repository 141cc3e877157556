"""The files of this repository as the house rules read them."""

from __future__ import annotations

import ast
import functools
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

CODE = ("domain/", "sync/", "desktop/", "server/")
"""The rooms whose code is installed."""

GIVEN = "tests/bench/peers/"
"""What we are measured against, kept as it was given: a rod that we had bent would measure nothing."""


@dataclass(frozen=True)
class Source:
    """One file: its path below the root with forward slashes, and its text."""

    path: str
    text: str

    @functools.cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    def at(self, line: int, what: str) -> str:
        """One finding, in the form an editor jumps to."""
        return f"{self.path}:{line}: {what}"


@functools.cache
def paths() -> tuple[str, ...]:
    """Every file that is committed or would be, sorted; in an unpacked archive every file not built."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if done.returncode == 0:
        found = {name for name in done.stdout.decode().split("\0") if name}
    else:
        built = {".venv", "build", "dist", "__pycache__"}
        found = {
            path.relative_to(ROOT).as_posix()
            for path in ROOT.rglob("*")
            if not built & set(path.relative_to(ROOT).parts) and not path.relative_to(ROOT).parts[0].startswith(".")
        }
    return tuple(sorted(name for name in found if (ROOT / name).is_file()))


@functools.cache
def texts() -> tuple[Source, ...]:
    """Every file that is UTF-8 text."""
    sources = []
    for name in paths():
        try:
            sources.append(Source(name, (ROOT / name).read_text("utf-8")))
        except UnicodeDecodeError:
            continue
    return tuple(sources)


def python() -> list[Source]:
    """Every Python file of ours, the bootstrap script included."""
    return [
        source
        for source in texts()
        if (source.path.endswith((".py", ".spec")) or source.path == "tram111") and not source.path.startswith(GIVEN)
    ]


def installed_python() -> list[Source]:
    """The Python files of the four packages."""
    return [source for source in python() if source.path.startswith(CODE)]
