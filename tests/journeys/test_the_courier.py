"""Every line is dead: what is unsent travels on a stick, in any order, damaged, twice; nothing is lost or doubled."""

from __future__ import annotations

import resource
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop.operations.courier import NoReceiver
from server.operations.centre import Centre
from server.operations.courier import NobodyToAnswer, import_stick, reply
from server.store import courier
from sync.courier.troubles import AllDamaged, NotForUs, NothingOnStick, StickFull, StickGone
from sync.replica import node
from tests.journeys.by_stick import Desk, carry, has, logged, open_centre, whole


def spread(desk: Desk, stick: Path) -> list[Path]:
    """An export over several volumes, in their order."""
    done = desk.export(stick, most=4_000)
    assert len(done.volumes) > 3
    return [stick / name for name in done.volumes]


# ---------------------------------------------------------------- the whole way


@pytest.mark.parametrize("stored", ["sqlcipher", "postgresql"])
def test_there_and_back_leaves_both_ends_as_if_the_line_had_been_there(
    stored: str,
    tmp_path: Path,
    desks: Callable[..., Desk],
    usb: Callable[[str], Path],
    request: pytest.FixtureRequest,
) -> None:
    database = None if stored == "sqlcipher" else request.getfixturevalue("postgres").new_database()
    centre = open_centre(tmp_path / "data", database)
    try:
        here, other = desks(centre, "AG03"), desks(centre, "AG04")
        calls = [other.call() for _ in range(5)]
        far = other.report()
        other.push_by_line()
        own = [here.call() for _ in range(7)]
        report = here.report()
        up, down = usb("up"), usb("down")
        done = here.export(up)
        assert (done.first, done.last) == (1, done.operations)
        assert len(done.volumes) == 1
        assert here.view().waiting == done.operations, "writing a stick acknowledges nothing"
        found = import_stick(centre, up)
        assert (found.taken, found.kept, found.damaged, found.refused) == (done.operations, {}, 0, 0)
        assert all(has(centre, "call", one) for one in own)
        assert has(centre, "case", report.case_id)
        (answer,) = reply(centre, down)
        assert (answer.device, answer.acked, answer.fork) == (here.device, done.operations, 0)
        taken = here.take(down)
        assert (taken.acked_before, taken.acked, taken.waiting) == (0, done.operations, 0)
        assert (taken.missing, taken.again, taken.damaged) == (False, False, 0)
        assert taken.came > 0
        assert all(here.has("call", one) for one in calls)
        assert here.has("case", far.case_id)
        assert here.view().cursor == centre.read(node.feed)
        assert here.is_equal()
        assert here.read(lambda c: node.get(c, "equal")) == "1"
        assert whole(centre)
        with pytest.raises(NobodyToAnswer):
            reply(centre, down)
    finally:
        centre.close()


def test_a_grant_that_came_by_stick_brings_its_dossier_with_it(
    centre: Centre, desks: Callable[..., Desk], usb: Callable[[str], Path]
) -> None:
    ag, hn = desks(centre, "AG03"), desks(centre, "HN01", all_cases=True)
    report = ag.report()
    ag.push_by_line()
    carry(hn, centre, usb("hn"))
    assert hn.has("case", report.case_id)
    assert hn.view().backfills == []
    assert hn.is_equal()
    later = ag.report("Lần hai")
    ag.push_by_line()
    carry(hn, centre, usb("hn2"))
    assert hn.has("case", later.case_id)
    assert hn.is_equal()


def test_the_reply_brings_case_numbers_too(
    centre: Centre, desks: Callable[..., Desk], usb: Callable[[str], Path]
) -> None:
    here = desks(centre)
    assert here.report().case_code is None
    carry(here, centre, usb("a"))
    assert str(here.report().case_code).startswith("CT")


def test_an_empty_stick_asks_for_news_only(
    centre: Centre, desks: Callable[..., Desk], usb: Callable[[str], Path]
) -> None:
    here, other = desks(centre, "AG03"), desks(centre, "AG04")
    call = other.call()
    other.push_by_line()
    done = here.export(usb("a"))
    assert (done.operations, len(done.volumes)) == (0, 1)
    carry(here, centre, usb("b"))
    assert here.has("call", call)
    assert here.is_equal()


# ---------------------------------------------------------------- order, repetition, mixture


def test_volumes_may_come_in_any_order_and_as_often_as_they_like(
    centre: Centre, desks: Callable[..., Desk], usb: Callable[[str], Path], small_batches: None
) -> None:
    here = desks(centre)
    calls = [here.call() for _ in range(30)]
    paths = spread(here, usb("all"))
    for turn, path in enumerate([*reversed(paths), *paths]):
        one = usb(f"one{turn}")
        shutil.copy(path, one)
        found = import_stick(centre, one)
        assert found.missing == len(paths) - 1
        if 0 < turn + 1 < len(paths):
            assert found.kept, "a later volume before an earlier one is kept and said"
    assert logged(centre, here.device) == [(1, n) for n in range(1, here.view().waiting + 1)]
    assert all(has(centre, "call", one) for one in calls)
    assert centre.read(lambda c: list(courier.all_kept(c))) == []
    assert whole(centre)
    reply(centre, usb("down"))
    assert here.take(usb("down")).waiting == 0
    assert here.is_equal()


def test_a_missing_volume_is_said_and_what_came_beyond_it_waits_for_it(
    centre: Centre, desks: Callable[..., Desk], usb: Callable[[str], Path], small_batches: None
) -> None:
    here = desks(centre)
    for _ in range(30):
        here.call()
    paths = spread(here, usb("all"))
    lost = paths[1].rename(paths[1].with_suffix(".lost"))
    found = import_stick(centre, usb("all"))
    assert found.missing == 1
    assert found.kept["gap"] >= 1
    reply(centre, usb("down"))
    taken = here.take(usb("down"))
    assert 0 < taken.acked < taken.acked + taken.waiting
    last = here.view().waiting + taken.acked
    lost.rename(paths[1])
    only = usb("only")
    shutil.copy(paths[1], only)
    import_stick(centre, only)
    assert logged(centre, here.device) == [(1, n) for n in range(1, last + 1)]
    assert centre.read(lambda c: list(courier.all_kept(c))) == []


def test_what_waits_for_a_gap_follows_on_when_the_line_brings_the_missing_part(
    centre: Centre, desks: Callable[..., Desk], usb: Callable[[str], Path], small_batches: None
) -> None:
    here = desks(centre)
    for _ in range(30):
        here.call()
    last = here.view().waiting
    paths = spread(here, usb("all"))
    only = usb("only")
    for path in paths[1:]:
        shutil.copy(path, only)
    assert import_stick(centre, only).taken == 0
    answer = here.push_by_line(most=12)
    assert answer.acked == last, "the answer on the line tells of the stick's part too"
    assert here.view().waiting == 0
    assert logged(centre, here.device) == [(1, n) for n in range(1, last + 1)]
    assert whole(centre)


def test_stick_and_line_mixed_take_everything_once(
    centre: Centre, desks: Callable[..., Desk], usb: Callable[[str], Path]
) -> None:
    here, other = desks(centre, "AG03"), desks(centre, "AG04")
    calls = [here.call() for _ in range(4)]
    here.export(usb("old"))
    calls += [here.call() for _ in range(4)]
    here.push_by_line()
    other.call()
    other.push_by_line()
    found = import_stick(centre, usb("old"))
    assert (found.taken, found.kept, found.refused) == (0, {}, 0)
    calls += [here.call() for _ in range(4)]
    reply(centre, usb("down"))
    taken = here.take(usb("down"))
    assert taken.waiting == here.view().waiting > 0, "what was written since stays unsent"
    assert here.read(lambda c: node.get(c, "equal")) != "1", "nothing is called equal while something waits"
    here.push_by_line()
    assert all(has(centre, "call", one) for one in calls)
    assert here.take(usb("down")).acked == here.view().waiting + 12 or here.view().waiting == 0
    assert len(logged(centre, here.device)) == len(set(logged(centre, here.device)))
    carry(here, centre, usb("again"))
    assert here.is_equal()
    assert whole(centre)


def test_an_old_reply_takes_nothing_back(
    centre: Centre, desks: Callable[..., Desk], usb: Callable[[str], Path]
) -> None:
    here, other = desks(centre, "AG03"), desks(centre, "AG04")
    here.call()
    here.export(usb("a"))
    import_stick(centre, usb("a"))
    reply(centre, usb("old"))
    call = other.call()
    other.push_by_line()
    here.call()
    carry(here, centre, usb("b"))
    before = here.view()
    assert here.has("call", call)
    here.take(usb("old"))
    assert here.view() == before
    assert here.is_equal()


def test_a_reply_over_several_volumes_joins_on_in_any_order(
    centre: Centre, desks: Callable[..., Desk], usb: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.operations.courier._PAGE", 3)
    here, other = desks(centre, "AG03"), desks(centre, "AG04")
    calls = [other.call() for _ in range(30)]
    other.push_by_line()
    here.export(usb("up"))
    import_stick(centre, usb("up"))
    (answer,) = reply(centre, usb("down"), most=4_000)
    assert len(answer.volumes) > 3
    half = usb("half")
    for name in answer.volumes[2:]:
        shutil.copy(usb("down") / name, half)
    taken = here.take(half)
    assert taken.missing
    assert taken.came == 0, "a page that does not join on is not folded"
    shutil.copy(usb("down") / answer.volumes[0], half)
    assert here.take(half).missing
    taken = here.take(usb("down"))
    assert not taken.missing
    assert all(here.has("call", one) for one in calls)
    assert here.is_equal()
    again = here.take(usb("down"))
    assert (again.came, again.missing) == (0, False)
    assert here.is_equal()


# ---------------------------------------------------------------- damage


@pytest.mark.parametrize("harm", ["cut", "flip", "zeros", "head"])
def test_a_damaged_volume_gives_what_can_be_read_and_a_new_export_the_rest(
    centre: Centre, desks: Callable[..., Desk], usb: Callable[[str], Path], harm: str, small_batches: None
) -> None:
    here = desks(centre)
    for _ in range(30):
        here.call()
    (name,) = here.export(usb("a")).volumes
    path = usb("a") / name
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    if harm == "cut":
        del data[middle:]
    elif harm == "flip":
        data[middle] ^= 1
    elif harm == "zeros":
        data[middle : middle + 700] = bytes(700)
    else:
        data[:40] = bytes(40)
    path.write_bytes(bytes(data))
    found = import_stick(centre, usb("a"))
    assert found.damaged >= 1
    assert not found.volumes[0].whole
    assert found.taken > 0
    if harm in {"flip", "zeros"}:
        assert found.kept["gap"] >= 1, "what lies behind the damage is read, and waits"
    here.export(usb("b"))
    import_stick(centre, usb("b"))
    assert logged(centre, here.device) == [(1, n) for n in range(1, here.view().waiting + 1)]
    assert centre.read(lambda c: list(courier.all_kept(c))) == []
    assert whole(centre)


def test_every_byte_of_a_volume_may_be_flipped_and_nothing_false_is_taken(
    centre: Centre, desks: Callable[..., Desk], usb: Callable[[str], Path]
) -> None:
    here = desks(centre)
    here.call()
    (name,) = here.export(usb("a")).volumes
    good = (usb("a") / name).read_bytes()
    step = max(1, len(good) // 60)
    for place in range(0, len(good), step):
        harmed = bytearray(good)
        harmed[place] ^= 0x40
        (usb("b") / name).write_bytes(bytes(harmed))
        try:
            found = import_stick(centre, usb("b"))
        except (AllDamaged, NotForUs):
            continue
        assert found.damaged or found.refused or not found.volumes[0].whole, f"a flip at {place} was not seen"
        assert found.refused in {0, 1}
    assert set(logged(centre, here.device)) <= {(1, n) for n in range(1, here.view().waiting + 1)}
    (usb("b") / name).write_bytes(good)
    assert import_stick(centre, usb("b")).volumes[0].whole
    assert whole(centre)


def test_a_full_stick_leaves_nothing_that_looks_whole(
    centre: Centre, desks: Callable[..., Desk], usb: Callable[[str], Path], small_batches: None
) -> None:
    here = desks(centre)
    for _ in range(60):
        here.call()
    whole_size = sum((usb("ref") / name).stat().st_size for name in here.export(usb("ref")).volumes)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (whole_size // 2, hard))
    try:
        with pytest.raises(StickFull) as told:
            here.export(usb("a"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "USB đã đầy" in told.value.advice
    assert list(usb("a").iterdir()) == []
    assert here.view().waiting > 0
    with pytest.raises(NothingOnStick):
        import_stick(centre, usb("a"))
    (usb("a") / "0011223344556677-001.t111.part").write_bytes(b"left behind by a stick pulled out")
    with pytest.raises(NothingOnStick):
        import_stick(centre, usb("a"))
    here.export(usb("a"))
    assert import_stick(centre, usb("a")).damaged == 0


def test_a_stick_that_is_not_there_is_said(centre: Centre, desks: Callable[..., Desk], tmp_path: Path) -> None:
    here = desks(centre)
    with pytest.raises(StickGone):
        here.export(tmp_path / "nowhere")
    with pytest.raises(StickGone):
        import_stick(centre, tmp_path / "nowhere")
    here.run(lambda c: c.exec_driver_sql("DELETE FROM node WHERE key LIKE 'courier_key:%'"))
    with pytest.raises(NoReceiver):
        here.export(tmp_path)
