"""The comparison ends also where the other end shows nothing of a scope: it was not granted yet."""

from __future__ import annotations

from collections.abc import Sequence

from sync.operation import Placed
from sync.proof import BUCKET, BUCKETS, RECORDS, Answer, Ask, Line, Told, narrow
from sync.stays import Figure

SOMETHING: Figure = (1, "1" * 64)


class _Lonely:
    """A ledger with one record that the other end does not show; it lists as it is told to."""

    def recount(self) -> None:
        """Nothing has slipped."""

    def answer(self, ask: Ask, *, leaf: bool | None = None) -> Told:
        """One bucket, one scope, one record, under the next digit of its place or by its name."""
        if ask.step == BUCKETS:
            return Told([Line("e2", "", *SOMETHING)])
        if ask.step == BUCKET:
            return Told([Line("dossier:c", "note", *SOMETHING)])
        name = "note-1" if leaf else "6d7750bd"[: len(ask.prefix) + 1]
        return Told([Line(name, "", *SOMETHING)], leaf=bool(leaf))

    def rebuild(self, ask: Ask, placed: Sequence[Placed]) -> Figure:
        """The own words stay."""
        return SOMETHING


def test_a_record_that_the_other_end_does_not_show_is_named_and_left() -> None:
    asking = narrow(_Lonely())
    asked = [next(asking)]
    verdict = None
    while verdict is None and len(asked) < 50:
        try:
            asked.append(asking.send(Answer()))
        except StopIteration as ended:
            verdict = ended.value
    assert verdict is not None, f"it asks without end: {asked[-1]}"
    assert verdict.left == [("note", "note-1")]
    assert [one.step for one in asked[:3]] == [BUCKETS, BUCKET, RECORDS]
