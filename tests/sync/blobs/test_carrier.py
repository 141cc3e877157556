"""The carrier of blobs on a virtual clock and line: its cap, order and crashes, and the last copy it never drops."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import pytest

from sync.blobs.carrier import Carrier, Kept, to_let_go
from sync.blobs.pace import FLOOR, MOST_PART, Bucket
from sync.blobs.signals import (
    Changed,
    Effect,
    Erased,
    Event,
    Failed,
    Fetch,
    Fetched,
    Gone,
    LetGo,
    LetGone,
    NotThere,
    Nudged,
    Offer,
    Offered,
    Progress,
    Send,
    Sent,
    Started,
    Text,
    Transfer,
    WakeAt,
    Want,
    Woke,
)
from sync.signals import Now
from sync.troubles import Offline, ServerTrouble, Trouble

WALL = 1_763_600_000_000


@dataclass
class Memory:
    """A queue as the desk keeps it, and the files beside it: bytes here by blob."""

    wanted: dict[str, Transfer] = field(default_factory=dict)
    here: dict[str, int] = field(default_factory=dict)
    confirmed: dict[str, int] = field(default_factory=dict)

    def ask(self, blob: str, want: Want, sealed: int = 100_000, *, urgent: bool = False, asked_at: int = 0) -> None:
        self.wanted[blob] = Transfer(blob, f"tep-{blob}", sealed, want, urgent, asked_at)
        self.here.setdefault(blob, 0 if want is Want.DOWN else sealed)

    def transfers(self) -> Sequence[Transfer]:
        return list(self.wanted.values())

    def at_centre(self, blob: str, wall: int) -> None:
        self.confirmed[blob] = wall
        if self.wanted[blob].want is Want.UP:
            del self.wanted[blob]

    def is_here(self, blob: str) -> None:
        del self.wanted[blob]

    def send_again(self, blob: str) -> None:
        self.confirmed.pop(blob, None)
        self.wanted[blob] = replace(self.wanted[blob], want=Want.UP)

    def not_to_send(self, blob: str) -> None:
        del self.wanted[blob]

    def erased(self, transfer: Transfer) -> None:
        del self.wanted[transfer.blob]


class Crash(Exception):
    """The desk dies here."""


@dataclass
class World:
    """A centre and a line of so many bytes a second, in virtual time (ms)."""

    memory: Memory
    line: int = 200_000
    centre: dict[str, int] = field(default_factory=dict)
    is_centre: bool = True
    mono: int = 5_000
    moved: list[tuple[int, str, int]] = field(default_factory=list)
    trouble: Callable[[Effect], Trouble | None] = lambda _effect: None
    effects: int = 0
    crash_at: int = -1
    before_answer: bool = True
    carrier: Carrier = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        self.carrier = Carrier(self.memory, random.Random(1).random)

    def now(self) -> Now:
        return Now(self.mono, WALL + self.mono)

    def run(self, event: Event | None = None, until: int = 10_000_000) -> None:
        """Carry out effects until nothing is to be done any more, or the time is up."""
        pending = self.carrier.step(event or Started(), self.now())
        while True:
            wake = next((e.mono for e in pending if isinstance(e, WakeAt)), None)
            request = next((e for e in pending if isinstance(e, Offer | Send | Fetch | LetGo)), None)
            if request is None and (wake is None or wake > until):
                return
            if request is None:
                assert wake is not None
                assert wake > self.mono, "it would spin"
                self.mono = wake
                pending = self.carrier.step(Woke(), self.now())
            else:
                pending = self.carrier.step(self.answer(request), self.now())

    def answer(self, effect: Offer | Send | Fetch | LetGo) -> Event:
        self.effects += 1
        assert self.effects < 5_000, "it goes round in circles"
        if self.effects == self.crash_at and self.before_answer:
            raise Crash
        trouble = self.trouble(effect)
        said = Failed(effect.request, trouble) if trouble is not None else self._done(effect)
        if self.effects == self.crash_at:
            raise Crash
        return said

    def _done(self, effect: Offer | Send | Fetch | LetGo) -> Event:
        blob, sealed = effect.transfer.blob, effect.transfer.sealed
        if isinstance(effect, Offer):
            self.mono += 20
            return Offered(effect.request, self.centre.get(blob, 0), self.is_centre, 20)
        if isinstance(effect, LetGo):
            assert self.centre.get(blob) == sealed, "the last copy would be gone"
            assert self.is_centre
            self.memory.here[blob] = 0
            del self.memory.wanted[blob]
            return LetGone(effect.request)
        took = 20 - (-effect.count * 1_000 // self.line)
        if isinstance(effect, Send):
            assert effect.offset == self.centre.get(blob, 0)
            self.moved.append((self.mono, "up", effect.count))
            self.centre[blob] = min(sealed, effect.offset + effect.count)
            self.mono += took
            return Sent(effect.request, self.centre[blob], took)
        if self.centre.get(blob, 0) < sealed:
            return Failed(effect.request, NotThere())
        count = min(effect.count, sealed - self.memory.here[blob])
        self.moved.append((self.mono, "down", count))
        self.memory.here[blob] += count
        self.mono += took
        return Fetched(effect.request, self.memory.here[blob], count, took)


@pytest.mark.parametrize("line", [2_000, 20_000, 200_000, 5_000_000])
def test_blobs_take_no_more_than_their_share_of_the_line(line: int) -> None:
    memory = Memory()
    size = line * 30
    memory.ask("a", Want.UP, size)
    world = World(memory, line)
    world.run()
    assert world.centre["a"] == size
    allowed = max(FLOOR, line * 0.5)
    first = world.moved[0][0]
    for start in range(len(world.moved)):
        sent = 0
        for at, _, count in world.moved[start:]:
            sent += count
            assert sent - count <= allowed * (at - world.moved[start][0]) / 1_000 + 1, "more than the cap"
    if line >= 20_000:
        assert world.mono - first >= size / allowed * 1_000 * 0.8, "the cap did nothing"
        assert world.mono - first <= size / allowed * 1_000 * 4, "the cap strangles"
    assert max(count for *_, count in world.moved) <= min(MOST_PART, max(FLOOR, int(allowed) + 1))


def test_the_floor_holds_on_the_slowest_line() -> None:
    bucket = Bucket()
    bucket.carried(8_192, 60_000)
    assert bucket.rate == FLOOR
    bucket.take(8_192, 0)
    assert bucket.wait_ms(0) == 1_001
    assert bucket.wait_ms(1_000) == 0
    bucket.carried(100, 1)
    assert bucket.rate == FLOOR, "a part of a hundred bytes tells nothing of the line"


def test_a_far_line_is_not_taken_for_a_thin_one() -> None:
    bucket = Bucket()
    bucket.answered(900)
    for _ in range(40):
        bucket.carried(bucket.part(), 900 + bucket.part() // 200)  # 200 kB/s, 0.9 s there and back
    assert 80_000 < bucket.rate < 110_000


def test_text_goes_first_and_a_blob_waits_between_its_parts() -> None:
    memory = Memory()
    memory.ask("a", Want.UP, 900_000)
    world = World(memory)
    carrier = world.carrier
    (offer,) = [e for e in carrier.step(Started(), world.now()) if isinstance(e, Offer)]
    assert carrier.step(Text(busy=True), world.now()) == []
    said = carrier.step(Offered(offer.request, 0, centre=True), world.now())
    assert [type(e) for e in said] == [Progress], "the answer is heard, and nothing begins"
    world.mono += 60_000
    assert carrier.step(Woke(), world.now()) == []
    world.run(Text(busy=False))
    assert memory.wanted == {}
    assert world.centre["a"] == 900_000


@pytest.mark.parametrize("before_answer", [True, False])
def test_a_crash_at_any_effect_loses_nothing_and_ends_the_same(before_answer: bool) -> None:
    def fresh() -> World:
        memory = Memory()
        memory.ask("lên", Want.UP, 400_000)
        memory.ask("xuống", Want.DOWN, 300_000)
        memory.ask("bỏ", Want.LET_GO, 50_000)
        memory.ask("chưa ở trung tâm", Want.LET_GO, 60_000)
        return World(memory, centre={"xuống": 300_000, "bỏ": 50_000})

    calm = fresh()
    calm.run()
    assert calm.effects > 10
    for place in range(1, calm.effects + 1):
        world = fresh()
        world.crash_at, world.before_answer = place, before_answer
        with pytest.raises(Crash):
            world.run()
        world.start()
        world.run()
        assert world.memory.wanted == {}, place
        assert world.centre == calm.centre, place
        assert world.memory.here == calm.memory.here, place
        assert set(world.memory.confirmed) >= {"lên", "chưa ở trung tâm"}, place


def test_what_the_centre_lacks_is_sent_and_never_let_go() -> None:
    memory = Memory()
    memory.ask("a", Want.LET_GO)
    memory.confirmed["a"] = WALL
    world = World(memory, centre={"a": 60_000})  # it had it all once; its disk lost the end
    world.run()
    assert world.centre["a"] == 100_000
    assert memory.here["a"] == 100_000, "the only whole copy stays until it is asked for again"
    memory.ask("a", Want.LET_GO)
    world.run(Changed())
    assert memory.here["a"] == 0


def test_a_hubs_word_is_not_the_centres() -> None:
    memory = Memory()
    memory.ask("a", Want.LET_GO)
    memory.ask("b", Want.UP)
    world = World(memory, centre={"a": 100_000}, is_centre=False)
    world.run(until=3_600_000)
    assert memory.here["a"] == 100_000
    assert memory.confirmed == {}
    assert {one.want for one in memory.wanted.values()} == {Want.UP}, "both are still to reach the centre"
    assert world.effects < 30, "a hub that has it is asked after rarely"
    world.is_centre = True
    world.run(Nudged())
    assert set(memory.confirmed) == {"a", "b"}
    assert memory.wanted == {}


def test_a_person_who_waits_comes_first_then_what_only_this_desk_has() -> None:
    memory = Memory()
    memory.ask("để sẵn", Want.DOWN, 20_000, asked_at=1)
    memory.ask("bỏ", Want.LET_GO, 20_000, asked_at=1)
    memory.ask("lên sau", Want.UP, 20_000, asked_at=3)
    memory.ask("lên trước", Want.UP, 20_000, asked_at=2)
    memory.ask("đang mở", Want.DOWN, 20_000, urgent=True, asked_at=9)
    order: list[str] = []

    def watch(effect: Effect) -> None:
        assert isinstance(effect, Offer | Send | Fetch | LetGo)
        if effect.transfer.blob not in order:
            order.append(effect.transfer.blob)

    world = World(memory, centre={"để sẵn": 20_000, "đang mở": 20_000, "bỏ": 20_000}, trouble=watch)
    world.run()
    assert order == ["đang mở", "lên trước", "lên sau", "để sẵn", "bỏ"]


def test_a_blob_nobody_has_sent_yet_stands_back_and_holds_up_no_other() -> None:
    memory = Memory()
    memory.ask("chưa có", Want.DOWN, urgent=True)
    memory.ask("b", Want.DOWN, 50_000)
    world = World(memory, centre={"b": 50_000})
    world.run(until=600_000)
    assert memory.here["b"] == 50_000
    assert "chưa có" in memory.wanted, "it is still wanted"
    world.centre["chưa có"] = 100_000
    world.run(Nudged())
    assert memory.here["chưa có"] == 100_000


def test_a_blob_whose_attachment_was_erased_is_not_offered_again() -> None:
    memory = Memory()
    memory.ask("gone", Want.UP)
    memory.ask("next", Want.UP, asked_at=1)
    world = World(memory)
    world.trouble = lambda one: Erased() if isinstance(one, Offer) and one.transfer.blob == "gone" else None
    world.run()
    assert memory.wanted == {}
    assert set(memory.confirmed) == {"next"}


def test_a_line_that_is_down_is_tried_with_growing_breaks_and_at_once_when_it_is_back() -> None:
    memory = Memory()
    memory.ask("a", Want.UP)
    tries: list[int] = []
    world = World(memory)

    def down(_effect: Effect) -> Trouble:
        tries.append(world.mono)
        return Offline()

    world.trouble = down
    world.run(until=3_600_000)
    assert 10 < len(tries) < 60, "an hour without a line"
    world.trouble = lambda _effect: ServerTrouble(retry_after_ms=120_000)
    world.run(Nudged(), until=world.mono + 119_000)
    world.trouble = lambda _effect: None
    at = world.mono
    world.run(Woke())
    assert memory.wanted == {}
    assert world.moved[0][0] - at >= 110_000, "what the server asked for is kept"


def test_one_answer_lost_after_the_line_is_back_is_not_the_last_of_many() -> None:
    """After a month without a line one lost packet would have kept a picture back for hours."""
    memory = Memory()
    memory.ask("a", Want.UP)
    world = World(memory)
    world.trouble = lambda _effect: Offline()
    world.run(until=3_600_000)
    lost = iter([Offline()])
    world.trouble = lambda _effect: next(lost, None)
    world.run(Nudged(), until=world.mono + 3_000)
    assert memory.wanted == {}


def test_a_local_copy_that_is_spoilt_is_not_sent_again_and_again() -> None:
    memory = Memory()
    memory.ask("a", Want.UP)
    world = World(memory)
    world.trouble = lambda effect: Gone() if isinstance(effect, Send) else None
    world.run()
    assert memory.wanted == {}
    assert world.effects == 2


def test_answers_of_requests_that_are_no_longer_in_flight_change_nothing() -> None:
    memory = Memory()
    memory.ask("a", Want.LET_GO)
    world = World(memory)
    (offer,) = [e for e in world.carrier.step(Started(), world.now()) if isinstance(e, Offer)]
    for stray in (Offered(offer.request + 1, 100_000, centre=True), LetGone(0), Sent(7, 100_000, 1)):
        assert world.carrier.step(stray, world.now()) == []
    assert memory.confirmed == {}
    assert memory.here["a"] == 100_000


def test_only_old_copies_that_the_centre_has_make_room_the_longest_unused_first() -> None:
    week, now = 7 * 86_400_000, 100 * 86_400_000
    kept = [
        Kept("chỉ ở đây", 500, None, 1),
        Kept("cũ nhất", 100, 1, 2),
        Kept("cũ", 100, 1, 3),
        Kept("vừa mở", 100, 1, now - 5),
        Kept("vừa lên", 100, now - 5, 1),
        Kept("chưa mở", 100, 1, None),
    ]
    assert to_let_go(kept, 1_000, now, week) == []
    assert to_let_go(kept, 999, now, week) == ["chưa mở"]
    assert to_let_go(kept, 850, now, week) == ["chưa mở", "cũ nhất"]
    assert to_let_go(kept, 0, now, week) == ["chưa mở", "cũ nhất", "cũ"]
