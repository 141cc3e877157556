"""A command says everything in English where that was asked for, else in Vietnamese, or as its person chose."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desktop.__main__ import main
from desktop.telling import LANGUAGE
from desktop.ui.words import ENGLISH, VIETNAMESE, speak
from tests.desktop.ui.spoken import KEEPS_ITS_NAME, is_vietnamese

COMMANDS = ("", "call", "doctor", "courier", "restore", "recover", "servers", "exchange", "export")


@pytest.fixture
def tongue(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    monkeypatch.delenv(LANGUAGE, raising=False)
    speak(VIETNAMESE)
    yield lambda language: monkeypatch.setenv(LANGUAGE, language)
    speak(VIETNAMESE)


def vietnamese(words: str) -> list[str]:
    for name in KEEPS_ITS_NAME:
        words = words.replace(name, "")
    return [line for line in words.splitlines() if is_vietnamese(line)]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_is_english_where_that_was_asked_for(
    command: str, tongue: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [word for word in (command, "--help") if word]
    with pytest.raises(SystemExit):
        main(asked)
    told = capsys.readouterr().out
    assert vietnamese(told)
    assert told.startswith("cách gọi: tram111")
    assert not [word for word in ("usage", "options:", "positional", "show this", "exit") if word in told]
    tongue(ENGLISH)
    with pytest.raises(SystemExit):
        main(asked)
    told = capsys.readouterr().out
    assert vietnamese(told) == []
    assert told.startswith("usage: tram111")
    assert "show this help message and exit" in told


@pytest.mark.parametrize(
    ("asked", "vietnamese_words", "english_words"),
    [
        (["call"], "còn thiếu: SỐ", "the following arguments are required: NUMBER"),
        (["cal", "1"], "không có 'cal'; hãy chọn: 'day', 'call'", "invalid choice: 'cal' (choose from 'day', 'call'"),
        (["call", "1", "--loud"], "không có tùy chọn này: --loud", "unrecognized arguments: --loud"),
        (["doctor", "--home"], "phải có một giá trị", "expected one argument"),
    ],
)
def test_what_is_wrong_with_a_command_line_is_said_in_the_same_language(
    asked: list[str],
    vietnamese_words: str,
    english_words: str,
    tongue: Callable[[str], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    for words in (vietnamese_words, english_words):
        with pytest.raises(SystemExit):
            main(asked)
        assert words in capsys.readouterr().err
        tongue(ENGLISH)


def test_the_doctor_speaks_english_and_finds_the_same(
    tongue: Callable[[str], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["doctor", "--home", str(tmp_path), "--server", "http://127.0.0.1:9"]
    code = main(asked)
    at_first = capsys.readouterr().out
    tongue(ENGLISH)
    assert main(asked) == code == 1
    told = capsys.readouterr().out
    assert vietnamese(told) == []
    assert len(told.splitlines()) == len(at_first.splitlines()) == len(vietnamese(at_first)) + 0
    assert told.count("LOOK AT") == at_first.count("XEM LẠI") == 1


def test_what_goes_wrong_is_told_in_english_too(
    tongue: Callable[[str], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tongue(ENGLISH)
    for asked in (
        ["call", "not-a-number"],
        ["servers", "--home", str(tmp_path)],
        ["servers", "add", "http:///", "--home", str(tmp_path)],
        ["export", "figures", "--month", "10/2026", "--to", str(tmp_path / "a.csv"), "--home", str(tmp_path)],
        ["exchange", "set", "--home", str(tmp_path)],
        ["recover", "--home", str(tmp_path)],
    ):
        assert main(asked) == 2
        told = capsys.readouterr().err
        assert told.strip()
        assert vietnamese(told) == [], asked
