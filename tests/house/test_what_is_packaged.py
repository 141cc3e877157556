"""The frozen desk holds what it needs and nothing of the machine that built it; every licence is written down."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from installer import contents, debian
from tests.house.reading import ROOT, Source
from tests.house.text_rules import pinned


@pytest.mark.parametrize(
    "place",
    [
        "PySide6/Qt/lib/libQt6Qml.so.6",
        "PySide6/Qt/plugins/platformthemes/libqgtk3.so",
        "PySide6/Qt/translations/qtbase_de.qm",
        "PySide6/Qt/plugins/platforms/libqeglfs.so",
        "_internal/libgtk-3.so.0",
        "PySide6\\plugins\\imageformats\\qtiff.dll",
        "share/icons/Adwaita/index.theme",
    ],
)
def test_what_the_desk_does_not_need_stays_out(place: str) -> None:
    assert not contents.keeps(place)


@pytest.mark.parametrize(
    "place",
    [
        "PySide6/Qt/plugins/platforms/libqxcb.so",
        "PySide6/Qt/plugins/platforms/libqoffscreen.so",
        "PySide6/Qt/plugins/platforms/libqwayland.so",
        "PySide6/Qt/plugins/platforminputcontexts/libibusplatforminputcontextplugin.so",
        "PySide6/Qt/plugins/imageformats/libqsvg.so",
        "PySide6/Qt/plugins/printsupport/libcupsprintersupport.so",
        "resources/i18n/tram111_en.qm",
        "sqlcipher3/_sqlite3.so",
    ],
)
def test_what_the_desk_needs_stays_in(place: str) -> None:
    assert contents.keeps(place)


def test_every_resource_and_every_migration_goes_in(tmp_path: Path) -> None:
    for name in ("resources/codes/a.csv", "desktop/store/migrations/versions/0001.py", "desktop/store/keys.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = {(Path(file).relative_to(tmp_path).as_posix(), folder) for file, folder in contents.resources(tmp_path)}
    assert found == {
        ("resources/codes/a.csv", "resources/codes"),
        ("desktop/store/migrations/versions/0001.py", "desktop/store/migrations/versions"),
    }
    assert len(contents.resources(ROOT)) >= 10


def test_a_stranger_in_a_finished_build_is_named(tmp_path: Path) -> None:
    for name in ("tram111", "_internal/libgtk-3.so.0", "_internal/resources/a.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert contents.strangers(tmp_path) == ["_internal/libgtk-3.so.0"]


def test_a_linked_file_counts_once(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 3_000_000)
    (tmp_path / "b").hardlink_to(tmp_path / "a")
    assert contents.megabytes(tmp_path.rglob("*")) == 3.0


def test_the_debian_package_has_the_projects_version_and_qts_libraries() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", debian.version(ROOT))
    assert {"libegl1", "libgl1", "libxcb-cursor0", "libxkbcommon0"} <= set(debian.DEPENDS)


def test_every_installed_package_has_its_line_in_the_licence_inventory() -> None:
    lock = pinned(Source("run.txt", (ROOT / "requirements/run.txt").read_text("utf-8")))
    table = re.findall(
        r"^\| ([\w.-]+) \| ([\w.-]+) \| (\S.*) \|$", (ROOT / "docs/licences.md").read_text("utf-8"), re.MULTILINE
    )
    written = {name: version for name, version, licence in table if licence.strip()}
    assert {name: written.get(name) for name in lock} == lock
