"""The page docs/performance-desk.md: how fast the desk is at a million calls, and whether that was promised."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from tests.bench.performance import CONDITIONS, Promise, line_of, write_page

PAGE: Final = Path("docs") / "performance-desk.md"
MUST_HOLD: Final = 1_000_000
"""Calls in the store at which the figures are asked for."""

PROMISES: Final = (
    Promise("desk.key_to_row_ms.p50", "F2 at a call until its row is durable: median", 10, None, unit="ms"),
    Promise("desk.key_to_row_ms.p95", "F2 at a call until its row is durable: p95", 30, None, unit="ms"),
    Promise("desk.paint_ms.p95", "F2 until the window has painted that it is saved: p95", 50, None, unit="ms"),
    Promise("desk.search_ms.p95", "a search until its hits are shown: p95", 100, None, unit="ms"),
    Promise("desk.history_ms.p95", "a caller's earlier calls: p95", 100, None, unit="ms"),
    Promise("desk.start_s", "exec until the first key is durable", 2.5, None, unit="s"),
    Promise("desk.switch_s", "passphrase entered until the next person's first key is durable", 5, None, unit="s"),
    Promise("desk.stall_ms.p999", "the window's loop late while cases arrive: p99.9", 50, None, unit="ms"),
    Promise("desk.stall_ms.max", "the window's loop late while cases arrive: most", 100, None, unit="ms"),
    Promise("desk.rss_mb", "resident memory", 300, None, unit="MB"),
)

HEAD: Final = """# What the desk does, measured

Written by `./tram111 bench desk`; every figure is of that one run unless the note below says otherwise. The store was
built through the production fold with every index, search and digest on and verified by a real centre; keys are the
window's own, the store is encrypted and every save is synced to the disk (`synchronous=FULL`). A key is pressed at
once when the call before it is saved, sooner than a person would; keys, searches and memory are the medians of three
processes of 300 keys each, starts of five. While cases arrive, another desk's cases and the
contacts that found their files come over the road into the running window.

"""


def page(found: Mapping[str, object]) -> str:
    """The page's text, from a flat object of figures."""
    lines = [HEAD, "| | |\n|---|---|\n"]
    lines += [f"| {name} | {found[name]} |\n" for name in CONDITIONS if name in found]
    if found.get("desk.calls") != MUST_HOLD:
        lines.append(f"\n**Not shown**: the figures are asked for at {MUST_HOLD:,} calls.\n")
    lines.append("\n| figure | what | must | aim | value | |\n|---|---|---|---|---|---|\n")
    lines += [line_of(promise, found) for promise in PROMISES]
    lines.append("\nBehind them:\n\n| figure | value |\n|---|---|\n")
    named = {promise.name for promise in PROMISES}
    lines += [
        f"| {name} | {value} |\n" for name, value in found.items() if name.startswith("desk.") and name not in named
    ]
    return "".join(lines)


def write(found: Mapping[str, object], say: Callable[[str], object]) -> None:
    """Write the page and name what was missed."""
    write_page(PAGE, page(found), say)
