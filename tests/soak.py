"""`./tram111 soak NAME`: run the tests marked `soak("NAME")` with their whole counts and fresh seeds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

PATIENCE_S: Final = 4 * 3_600
"""After so long (seconds) a single test of a soak is taken for hung."""


class Chosen:
    """A pytest plugin that keeps the tests of one soak, or only collects the names of all soaks."""

    def __init__(self, name: str | None) -> None:
        self.name = name
        self.names: set[str] = set()

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        keep = []
        for item in items:
            marks = [str(mark.args[0]) for mark in item.iter_markers("soak")]
            self.names.update(marks)
            if self.name in marks:
                keep.append(item)
        config.hook.pytest_deselected(items=[item for item in items if item not in keep])
        items[:] = keep


def names() -> list[str]:
    """The names of all soaks in the suite, sorted."""
    plugin = Chosen(None)
    pytest.main(["--collect-only", "-qq", "--no-header", "--no-summary"], plugins=[plugin])
    return sorted(plugin.names)


def main(arguments: list[str]) -> int:
    """Run one soak; without a name, or with one nobody has, say which there are. Returns the exit code."""
    if not arguments or arguments[0].startswith("-"):
        print("Hãy cho tên một bài chạy dài:", ", ".join(names()) or "(chưa có bài nào)", file=sys.stderr)
        return 2
    if os.environ.get("TRAM111_SOAK") != "1":  # conftest reads it once, at its import
        again = [sys.executable, "-m", "tests.soak", *arguments]
        return subprocess.call(again, env={**os.environ, "TRAM111_SOAK": "1"}, cwd=Path(__file__).parents[1])
    plugin = Chosen(arguments[0])
    patience = f"faulthandler_timeout={PATIENCE_S}"  # the suite's own would end a soak after seven minutes
    code = pytest.main(["-s", "--durations=5", "-o", patience, *arguments[1:]], plugins=[plugin])
    if code == pytest.ExitCode.NO_TESTS_COLLECTED:
        print(f"Không có bài «{arguments[0]}»; có: {', '.join(sorted(plugin.names))}", file=sys.stderr)
        return 2
    return int(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
