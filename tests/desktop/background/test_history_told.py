"""Asking a server for everything in a file: page by page, to its end, and never for ever."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import pytest

from desktop.background.history_told import PAGES, Wanted, history_told
from desktop.background.road_parts import Transport
from sync.operation import Placed
from sync.troubles import Offline, ServerLied
from sync.wire import PullHead


def operation(seq: int) -> Placed:
    return Placed("d", 1, seq, seq, bytes(16), b"{}", seq)


@dataclass
class Server:
    """Tells a scope's operations two at a time. `stuck`: its pages never move on; `endless`: it always has more."""

    held: dict[str, int]
    stuck: bool = False
    endless: bool = False
    cut_after: int = 1_000
    asked: list[tuple[str, int]] = field(default_factory=list)

    def scope(self, scope: str, upto: int, past: int, timeout_s: float) -> tuple[PullHead, list[Placed]]:
        assert timeout_s > 0
        self.asked.append((scope, past))
        if len(self.asked) > self.cut_after:
            raise Offline
        last = upto if self.endless else self.held[scope]
        page = [operation(seq) for seq in range(past + 1, min(past + 2, last) + 1)]
        more = bool(page) and page[-1].seq < last
        after = past if self.stuck else page[-1].seq if more else upto
        head = PullHead(lineage="l", next=after, more=more, count=len(page), acked=0, centre_acked=0, time=0)
        return head, page

    def told(self, *scopes: str) -> list[int]:
        return [one.seq for one in history_told(cast("Transport", self), [Wanted(one) for one in scopes])]


def test_every_page_of_every_scope_is_asked_for_once() -> None:
    server = Server({"dossier:a": 5, "dossier:b": 2, "dossier:c": 0})
    assert server.told("dossier:b", "dossier:a", "dossier:c") == [1, 2, 3, 4, 5, 1, 2]
    assert server.asked == [("dossier:a", 0), ("dossier:a", 2), ("dossier:a", 4), ("dossier:b", 0), ("dossier:c", 0)]


def test_a_server_that_never_comes_to_an_end_is_believed_no_longer() -> None:
    stuck, endless = Server({"dossier:a": 5}, stuck=True), Server({}, endless=True)
    for liar, pages in ((stuck, 1), (endless, PAGES)):
        with pytest.raises(ServerLied):
            liar.told("dossier:a")
        assert len(liar.asked) == pages


def test_half_an_answer_is_none() -> None:
    with pytest.raises(Offline):
        Server({"dossier:a": 5}, cut_after=2).told("dossier:a")
