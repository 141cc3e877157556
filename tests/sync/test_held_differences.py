"""What the centre holds keeps the comparison busy once, and never hides a row that was lost beside it."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

import pytest
from sqlalchemy import Connection

from domain.records.note import Note
from domain.records.road import Custody
from sync.digest import NOTHING, Digest
from sync.engine import Moved, Nudged, Saved
from sync.operation import APPEND
from sync.proof import BUCKETS, PATIENCE, RECORD, RECORDS, Answer, Ask, Verdict, narrow
from sync.replica import proof, scopes, sums, tables
from sync.stays import LASTS_MS, Stays
from tests.sync.line import Centre, Desk, Line
from tests.sync.nodes import Node
from tests.sync.test_proof import damage, look_again, lose, world


class Counting(Centre):
    """A centre that counts the questions of the comparison."""

    def __init__(self, at: Node) -> None:
        super().__init__(at)
        self.asked: list[Ask] = []

    def prove(self, device: str, ask: Ask) -> Answer:
        self.asked.append(ask)
        return super().prove(device, ask)

    def told(self) -> list[Ask]:
        """What was asked since the last time."""
        asked, self.asked = self.asked, []
        return asked


def held_note(desk: Desk, number: int) -> None:
    """A note in a dossier that nobody founded yet: the centre holds it, this desk shows it."""
    act = desk.at.act()
    at = f"absent-{number}"  # of all names of dossiers here the first
    act.create(scopes.dossier(at), Note(id=f"held-{number}", contact_id=at, text="chờ"), action=APPEND)
    desk.at.write(act)


def held_beside(desk: Desk, number: int, dossier: int) -> None:
    """A record that only the centre may write, in a dossier that both ends have: held there too."""
    act = desk.at.act()
    record = Custody(id=f"moved-{number}", centre="ha_noi", previous="an_giang", moved_at=1)
    act.create(scopes.dossier(f"contact-{dossier}"), record)
    desk.at.write(act)


def recounted(node: Node) -> None:
    """The weekly recount of a node found what its disk did."""

    def work(c: Connection) -> None:
        kept, now = sums.by_scope_and_kind(c), sums.recount(c)
        keys = kept.keys() | now.keys()
        node.replica.correct(c, {k: now.get(k, NOTHING).minus(kept.get(k, NOTHING)) for k in keys})

    node.run(work)


@dataclass
class Rounds:
    """Rounds of one desk's comparison, without a line between."""

    line: Line
    desk: Desk
    stays: Stays = field(default_factory=Stays)
    now: int = 0

    def look(self, patience: int = PATIENCE) -> tuple[Verdict, list[Ask]]:
        """One round: how it ended, and what was asked."""
        self.now += 300_000
        asking = narrow(self.desk.road.ledger(), self.stays, self.now, patience)
        asked = [next(asking)]
        while True:
            try:
                asked.append(asking.send(self.line.centre.prove(self.desk.at.device, asked[-1])))
            except StopIteration as ended:
                return ended.value, asked

    def until_quiet(self, patience: int = PATIENCE) -> list[tuple[str, str]]:
        """Rounds until one asks nothing more than the first question; what was mended on the way."""
        mended: list[tuple[str, str]] = []
        for _ in range(40):
            verdict, asked = self.look(patience)
            mended += verdict.mended
            if len(asked) == 1:
                return mended
        raise AssertionError(f"still asking: {Counter(one.step for one in asked)}")


def test_hundreds_of_held_notes_are_looked_into_once_and_then_one_question_tells() -> None:
    line, one, _ = world(5)
    many = 2 * PATIENCE + 40
    for number in range(many):
        held_note(one, number)
    line.tell(one, Saved())
    line.run_until(line.now + 2_000, lambda: one.engine.road.waiting == 0 and one.engine.road.equal is False)
    counting = Counting(line.centre.at)
    counting.peers, counting.key, line.centre = line.centre.peers, line.centre.key, counting
    looked: list[int] = []
    for _ in range(5):
        line.run_until(line.now + 320_000)
        asked = Counter(ask.step for ask in counting.told())
        looked.append(asked[RECORD])
        last = asked
    assert one.engine.road.equal is False, "what is held is a difference, and is shown as one"
    assert sum(looked) <= many
    assert looked[-1] == 0
    assert max(looked) <= 2 * PATIENCE, "no more than a round's patience in five minutes (two rounds may touch it)"
    assert last == {BUCKETS: last[BUCKETS]}
    assert 1 <= last[BUCKETS] <= 2


def test_a_row_that_is_lost_beside_held_words_is_asked_for_in_the_next_round() -> None:
    line, one, _ = world(5)
    held_beside(one, 1, dossier=1)
    for number in range(30):
        held_note(one, number)
    line.tell(one, Saved())
    line.run_until(line.now + 2_000)
    rounds = Rounds(line, one)
    rounds.until_quiet()
    lose(one.at, "note", "note-1")
    lose(one.at, "contact", "contact-1")
    verdict, asked = rounds.look()
    assert sorted(verdict.mended) == [("contact", "contact-1"), ("note", "note-1")]
    assert verdict.left == [], "what is held was not looked into again"
    assert Counter(ask.step for ask in asked)[RECORDS] == 2
    assert one.at.has("contact", "contact-1")
    one.at.digests()


def test_a_lost_row_does_not_wait_behind_hundreds_of_held_ones() -> None:
    line, one, two = world(5)
    for number in range(60):
        held_note(one, number)
    line.tell(one, Saved())
    line.run_until(line.now + 2_000)
    lose(one.at, "call", "call-3")
    damage(one.at, "contact", "contact-0", "summary", "không ai viết điều này")
    verdict, _ = Rounds(line, one).look(patience=5)
    assert sorted(verdict.mended) == [("call", "call-3"), ("contact", "contact-0")]
    assert len(verdict.left) == 5
    assert two.at.stored("contact", "contact-0").record.summary == "Ghi chép số 0"


def test_many_held_records_of_one_dossier_are_looked_into_a_few_at_a_time_too() -> None:
    line, one, _ = world(5)
    for number in range(20):
        held_beside(one, number, dossier=1)
    line.tell(one, Saved())
    line.run_until(line.now + 2_000)
    rounds = Rounds(line, one)
    looked = [len(rounds.look(patience=6)[0].left) for _ in range(5)]
    assert looked == [6, 6, 6, 2, 0]


def test_a_difference_is_looked_into_again_after_a_day_and_for_another_server() -> None:
    line, one, _ = world(5)
    held_note(one, 1)
    line.tell(one, Saved())
    line.run_until(line.now + 2_000)
    rounds = Rounds(line, one)
    rounds.until_quiet()
    assert len(rounds.look()[1]) == 1
    rounds.now += LASTS_MS
    assert len(rounds.look()[1]) > 1
    assert len(rounds.look()[1]) == 1
    rounds.stays.forget()
    assert len(rounds.look()[1]) > 1


def held_and_quiet() -> tuple[Line, Desk, Rounds]:
    """A desk with one held record, which its rounds no longer ask about."""
    line, one, _ = world(5)
    held_beside(one, 1, dossier=1)
    line.tell(one, Saved())
    line.run_until(line.now + 2_000)
    rounds = Rounds(line, one)
    rounds.until_quiet()
    return line, one, rounds


def test_a_centre_of_another_lineage_is_asked_about_all_of_it_anew() -> None:
    line, one, _ = world(5)
    counting = Counting(line.centre.at)
    counting.peers, counting.key, line.centre = line.centre.peers, line.centre.key, counting
    held_note(one, 1)
    line.tell(one, Saved())
    line.run_until(line.now + 1_000_000)
    assert RECORD in {ask.step for ask in counting.told()}
    line.run_until(line.now + 1_000_000)
    assert {ask.step for ask in counting.told()} == {BUCKETS}
    counting.lineage = "L2"
    line.tell(one, Nudged())
    line.run_until(line.now + 1_000_000)
    assert RECORD in {ask.step for ask in counting.told()}


def test_what_was_looked_into_early_does_not_wait_for_what_came_late_beside_it() -> None:
    """Held words of yesterday are looked into again today, whatever else of that scope was looked into since."""
    line, one, rounds = held_and_quiet()
    rounds.now += LASTS_MS - 3_000_000
    held_beside(one, 2, dossier=1)
    line.tell(one, Saved())
    line.run_until(line.now + 2_000)
    rounds.until_quiet()
    rounds.now += 3_000_000
    verdict, _ = rounds.look()
    assert verdict.left == [("custody", "moved-1")]


def test_a_running_figure_that_slipped_beside_held_words_is_counted_anew() -> None:
    line, _, rounds = held_and_quiet()
    centre, key = line.centre.at, (scopes.dossier("contact-1"), "custody")
    centre.run(lambda c: centre.replica.correct(c, {key: Digest(0, 7)}))
    rounds.until_quiet()
    assert centre.run(lambda c: proof.slipped(c, key)) == {}


def test_another_server_and_a_recount_make_everything_be_looked_into() -> None:
    line, one, _ = world(5)
    held_note(one, 1)
    line.tell(one, Saved())
    line.run_until(line.now + 2_000, lambda: one.engine.road.waiting == 0 and one.engine.road.equal is False)
    counting = Counting(line.centre.at)
    counting.peers, counting.key, line.centre = line.centre.peers, line.centre.key, counting
    line.run_until(line.now + 640_000)
    counting.told()
    line.run_until(line.now + 320_000)
    assert {ask.step for ask in counting.told()} == {BUCKETS}
    for again in (Nudged(anew=True), Moved(at_once=True)):
        line.tell(one, again)
        line.run_until(line.now + 640_000)
        assert Counter(ask.step for ask in counting.told())[RECORD] == 1


def harm(ends: tuple[Node, Node], dice: random.Random) -> None:
    """The disk of one end loses a row or bends one, that of the other end another one: what both ends lost alike is
    no difference between them, and is the weekly recount's to find."""
    rows = ("note", f"note-{dice.randrange(3)}"), ("contact", "contact-1"), ("call", f"call-{dice.randrange(20)}")
    table, row = dice.choice(rows)
    node = ends[sum(row.encode()) % 2]
    if not node.has(table, row):
        return
    if dice.random() < 0.6:
        lose(node, table, row)
    elif table == "call":
        damage(node, table, row, "outcome", "prank")


@pytest.mark.parametrize("seed", range(24))
def test_whatever_is_lost_among_what_is_held_is_found_and_mended(seed: int) -> None:
    """Rows are lost and bent at both ends between rounds that are cut short, in dossiers that hold held words and in
    others; words come, are held and are edited meanwhile. In the end only what is held differs."""
    dice = random.Random(seed)
    line, one, _ = world(20, seed)
    centre = line.centre.at
    rounds = Rounds(line, one)
    held = 0
    for step in range(dice.randrange(4, 9)):
        for _ in range(dice.randrange(6)):
            held += 1
            if dice.random() < 0.5:
                held_note(one, held)
            else:
                held_beside(one, held, dice.randrange(3))
        if dice.random() < 0.3:
            one.at.change("contact", "contact-0", summary=f"lần {step}")
        line.tell(one, Saved())
        line.run_until(line.now + 3_000)
        for _ in range(dice.randrange(4)):
            harm((one.at, centre), dice)
        if dice.random() < 0.5:
            recounted(centre)
        if dice.random() < 0.7:
            rounds.look(patience=dice.randrange(1, 6))
        if dice.random() < 0.2:
            look_again(line, one)
            line.tell(one, Nudged())
    line.run_until(line.now + 3_000)
    recounted(centre)
    rounds.until_quiet(patience=3)
    here, there = one.at.digests(), centre.digests()
    unlike = {key for key in here.keys() | there.keys() if here.get(key) != there.get(key)}
    for node in (one.at, centre):
        assert all(node.has("call", f"call-{n}") for n in range(20))
        assert all(node.has("note", f"note-{n}") and node.has("contact", f"contact-{n}") for n in range(3))
    waiting = centre.run(lambda c: c.execute(tables.waiting.select()).all())
    assert len(waiting) == held
    assert unlike == {(row.scope, row.kind) for row in waiting}
