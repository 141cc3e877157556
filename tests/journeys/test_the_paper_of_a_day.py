"""Reading a day's two files: what is counted, what is set aside, what gives one sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from desktop.day.expected import dossiers
from desktop.day.paper import Paper, UnreadableDayError, read_paper
from desktop.day.schedule import AFTER, BEFORE, CUT, hub_dies_after, killed_at, stages
from tests.journeys.small_day import DEMO, cut_down, expected

DAYS = ("day", "day_rough")


def paper_of(name: str) -> Paper:
    return read_paper(DEMO / name / "cdr.csv", DEMO / name / "day.jsonl")


@pytest.mark.parametrize("name", DAYS)
def test_both_days_are_read_as_their_expectation_says(name: str) -> None:
    paper = paper_of(name)
    due = json.loads((DEMO / name / "expect.json").read_text("utf-8"))
    answered = [r for r in paper.rings.values() if r.answer_at is not None]
    assert len(answered) == due["answered"]
    assert len(paper.rings) - len(answered) == due["missed"]
    assert len(paper.damaged) == due["cdr_damaged"]
    assert paper.repeated == due["cdr_repeated"]
    assert len(dossiers(paper)) == due["files"]
    assert sum(len(v) for d in dossiers(paper) for v in d.siblings().values()) == due["siblings"]
    assert not paper.faults


@pytest.mark.parametrize("name", DAYS)
def test_the_small_day_counts_like_the_whole_one_when_nothing_is_left_out(name: str, tmp_path: Path) -> None:
    counted = expected(*cut_down(name, tmp_path, every=1))
    due = json.loads((DEMO / name / "expect.json").read_text("utf-8"))
    assert {key: counted[key] for key in due} == due


def test_concurrent_edits_leave_both_urgencies_and_both_summaries() -> None:
    (edited,) = [d for d in dossiers(paper_of("day_rough")) if d.siblings()]
    assert edited.present("case", "urgency") == "emergency"
    assert edited.siblings()[("case", "urgency")] == ["medium"]
    assert len(edited.siblings()[("contact", "summary")]) == 1
    assert edited.first_urgency == "high"
    assert len(edited.notes) == 5


def written(folder: Path, entries: list[dict[str, Any]]) -> Paper:
    cdr, day = folder / "cdr.csv", folder / "day.jsonl"
    cdr.write_text("", "utf-8")
    day.write_text("".join(json.dumps(e) + "\n" for e in entries), "utf-8")
    return read_paper(cdr, day)


def entry(at: str, seat: str, centre: str, **more: Any) -> dict[str, Any]:
    return {"kind": "call", "at": f"2027-02-03 {at}", "seat": seat, "centre": centre, "outcome": "silent", **more}


def test_an_edit_after_another_centres_writing_waits_for_it_except_across_the_cut(tmp_path: Path) -> None:
    case = {"contact": {"summary": "a"}, "case": {"type": "violence", "urgency": "high"}}
    edit = {"kind": "edit", "record": "case", "of": "1", "set": {"urgency": "low"}}
    paper = written(
        tmp_path,
        [
            entry("08:00:00", "AG01", "an_giang", uniqueid="1", **case),
            entry("08:30:00", "HN01", "hanoi", **edit),
            entry("10:00:00", "AG01", "an_giang", **edit),
            entry("10:30:00", "HN01", "hanoi", **edit),
            entry("17:00:00", "HN01", "hanoi", **edit),
            entry("17:30:00", "AG01", "an_giang", **edit),
        ],
    )
    assert [stage.phase for stage in stages(paper)] == [BEFORE, BEFORE, CUT, AFTER, AFTER]
    assert [sum(map(len, stage.by_centre.values())) for stage in stages(paper)] == [1, 1, 2, 1, 1]


def test_a_day_without_work_in_the_cut_is_cut_all_the_same(tmp_path: Path) -> None:
    paper = written(
        tmp_path,
        [entry("08:00:00", "AG01", "an_giang", uniqueid="1"), entry("20:00:00", "HN09", "hanoi", uniqueid="2")],
    )
    assert [stage.phase for stage in stages(paper)] == [BEFORE, CUT, AFTER]
    assert killed_at(paper) == 0


def test_the_hub_dies_in_the_middle_of_its_desks_longest_work_in_the_cut_or_not_at_all(tmp_path: Path) -> None:
    at = ("08:00:00", "08:10:00", "08:20:00", "10:00:00", "11:00:00", "12:00:00", "17:00:00")
    calls = [entry(time, "DN01", "da_nang", uniqueid=str(place)) for place, time in enumerate(at)]
    assert hub_dies_after(written(tmp_path, calls)) == 4
    assert hub_dies_after(written(tmp_path, calls[:3])) == 1
    assert hub_dies_after(written(tmp_path, calls[2:4])) is None, "nothing would follow while it is dead"
    for name in DAYS:
        assert hub_dies_after(paper_of(name)) is not None


def test_a_truncated_day_file_gives_one_sentence_that_says_what_to_do(tmp_path: Path) -> None:
    cdr, day = cut_down("day", tmp_path)
    whole = day.read_bytes()
    day.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnreadableDayError) as told:
        read_paper(cdr, day)
    assert str(told.value).count(".") == str(told.value).count("day.jsonl") + 1
    assert "hãy lấy lại tệp" in str(told.value)


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        ({"kind": "song"}, "loại không biết"),
        ({"seat": "XX01"}, "không khớp"),
        ({"centre": "hanoi"}, "không khớp"),
        ({"at": "25 giờ"}, "giờ đúng dạng"),
        ({"uniqueid": ""}, "thiếu «uniqueid»"),
    ],
)
def test_an_entry_that_cannot_be_taken_is_said_and_the_others_are_kept(
    fault: dict[str, Any], named: str, tmp_path: Path
) -> None:
    good = entry("08:00:00", "AG01", "an_giang", uniqueid="1")
    paper = written(tmp_path, [good, good | {"uniqueid": "2"} | fault])
    assert len(paper.entries) == 1
    (sentence,) = paper.faults
    assert named in sentence
    assert "dòng 2" in sentence


def test_a_missing_file_gives_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDayError, match="Không đọc được tệp tổng đài"):
        read_paper(tmp_path / "nowhere.csv", DEMO / "day" / "day.jsonl")
