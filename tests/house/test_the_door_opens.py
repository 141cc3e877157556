"""`./tram111`: sets up, repairs, refuses with one clear sentence, and passes on what the command inside says."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import zipfile
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest

from tests.house.reading import ROOT

DOOR = ROOT / "tram111"


@pytest.fixture(scope="module")
def door() -> ModuleType:
    """The script as a module."""
    loader = SourceFileLoader("the_door", str(DOOR))
    spec = importlib.util.spec_from_loader("the_door", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["the_door"] = module  # dataclasses look their module up
    loader.exec_module(module)
    return module


class Checkout:
    """A small checkout with the real script, locks of one hand-made wheel and a folder in place of the network."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "checkout"
        self.network = folder / "network"
        (self.folder / "requirements").mkdir(parents=True)
        self.network.mkdir()
        shutil.copy(DOOR, self.folder / "tram111")
        for name in ("run", "dev", "build"):
            self.lock(name, "1.0")

    def lock(self, name: str, version: str) -> None:
        """Publish this version of the package and make it what the lock pins."""
        wheel = self.network / f"thu_nghiem-{version}-py3-none-any.whl"
        about = f"thu_nghiem-{version}.dist-info"
        with zipfile.ZipFile(wheel, "w") as archive:
            entry = zipfile.ZipInfo  # a fixed date, so that the same version has the same hash
            archive.writestr(entry("thu_nghiem.py"), f"VERSION = {version!r}\n")
            archive.writestr(
                entry(f"{about}/METADATA"), f"Metadata-Version: 2.1\nName: thu-nghiem\nVersion: {version}\n"
            )
            archive.writestr(
                entry(f"{about}/WHEEL"),
                "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            )
            archive.writestr(entry(f"{about}/RECORD"), f"thu_nghiem.py,,\n{about}/METADATA,,\n{about}/WHEEL,,\n")
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        lock = self.folder / "requirements" / f"{name}.txt"
        lock.write_text(f"thu-nghiem=={version} \\\n    --hash=sha256:{digest}\n")

    @property
    def environment(self) -> Path:
        return self.folder / ".venv"

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.network), "PIP_CONFIG_FILE": os.devnull}
        env.pop("PIP_EXTRA_INDEX_URL", None)
        return subprocess.run(
            [sys.executable, "tram111", *arguments],
            cwd=self.folder,
            env=env,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )

    def installed(self) -> str:
        """What the environment imports."""
        python = self.environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        ask = [str(python), "-c", "import thu_nghiem; print(thu_nghiem.VERSION)"]
        return subprocess.run(ask, capture_output=True, text=True).stdout.strip()


@pytest.mark.slow
def test_it_sets_up_once_and_mends_what_was_cut_off_or_broken(door: ModuleType, tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)

    first = checkout("setup")
    assert first.returncode == 0, first.stderr
    assert "Đang cài 1 thư viện đã khoá (run.txt)…" in first.stderr
    assert checkout.installed() == "1.0"

    again = checkout("setup")
    assert again.returncode == 0
    assert "Đang" not in again.stderr, "a whole environment is left alone"

    checkout.lock("run", "2.0")
    changed = checkout("setup")
    assert "Đang cài" in changed.stderr
    assert "Đang tạo" not in changed.stderr, "a changed lock does not need a new environment"
    assert checkout.installed() == "2.0"

    (checkout.environment / "unfinished").touch()  # what a killed set-up leaves
    (checkout.environment / "lib-half-written").mkdir()
    cut_off = checkout("setup")
    assert cut_off.returncode == 0, cut_off.stderr
    assert "Đang tạo môi trường" in cut_off.stderr
    assert not (checkout.environment / "lib-half-written").exists()
    assert checkout.installed() == "2.0"

    checkout.lock("run", "3.0")
    lock = checkout.folder / "requirements" / "run.txt"
    lock.write_text(re.sub("sha256:.{8}", "sha256:" + "0" * 8, lock.read_text()))
    forged = checkout("setup")
    assert forged.returncode == 1
    assert "Không cài được thư viện: kiểm tra mạng và cấu hình pip" in forged.stderr
    assert "DO NOT MATCH THE HASHES" in forged.stderr
    assert checkout.installed() == "2.0"

    env = door.Environment(checkout.environment)
    assert env.runs_this_python()
    python = checkout.environment / "bin" / "python"
    if python.exists():
        python.unlink()
        python.symlink_to(tmp_path / "an interpreter that moved away")
        assert not env.runs_this_python(), "so the next set-up makes it anew, as after a cut-off one"


def run_door(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(DOOR), *arguments], capture_output=True, text=True, env={**os.environ, **env}
    )


def test_a_command_that_does_not_exist_gets_one_sentence() -> None:
    done = run_door("khongco")
    assert done.returncode == 2
    assert done.stderr.splitlines() == ["Không có lệnh «khongco»: gõ «./tram111 help» để xem danh sách."]


@pytest.mark.parametrize("way", ["help", "--help", "-h"])
def test_help_lists_every_command_and_itself_also_in_a_bare_locale(door: ModuleType, way: str) -> None:
    done = run_door(way, LC_ALL="C", PYTHONUTF8="0", PYTHONIOENCODING="utf-8")
    assert done.returncode == 0
    listed = {line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ") and "(" not in line[:4]}
    assert listed == set(door.COMMANDS)
    assert {"setup", "test", "check", "bench", "build", "soak", "day", "shots", "call", "doctor", "help"} <= listed


def test_the_missing_libraries_of_qt_are_named_as_debian_packages(door: ModuleType) -> None:
    none_open = door.missing_qt_packages({}, lambda _library: False)
    assert none_open == ["libdbus-1-3", "libegl1", "libfontconfig1", "libgl1", "libglib2.0-0", "libxkbcommon0"]
    assert door.missing_qt_packages({}, lambda _library: True) == []
    only_cursor = door.missing_qt_packages({"DISPLAY": ":0"}, lambda library: "cursor" not in library)
    assert only_cursor == ["libxcb-cursor0"]
    assert door.missing_qt_packages({}, lambda library: "cursor" not in library) == [], "no screen, no need"
    assert not door.opens("libkhong-co-that.so.9")


def test_who_may_not_install_is_told_the_packages(door: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "missing_qt_packages", lambda *_: ["libegl1", "libgl1"])
    monkeypatch.setattr(door.shutil, "which", lambda _: None)
    with pytest.raises(door.CannotGoOnError, match="sudo apt-get install libegl1 libgl1"):
        door.ensure_qt_libraries(with_screen=False)


def test_a_python_without_venv_names_the_package(
    door: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(door.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(door.CannotGoOnError, match=r"apt-get install python3\.\d+-venv"):
        door.make_environment(door.Environment(tmp_path / ".venv"))


def test_the_dev_environment_is_also_enough_for_the_desk(
    door: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = door.Environment(tmp_path)
    run, dev = ROOT / "requirements/run.txt", ROOT / "requirements/dev.txt"
    assert not env.holds(run)
    env.stamp(dev).write_text(door.fingerprint(dev))
    assert env.holds(dev)
    assert env.holds(run)
    assert not env.holds(ROOT / "requirements/build.txt")
    env.unfinished.touch()
    assert not env.holds(dev)
    env.unfinished.unlink()
    monkeypatch.setattr(door.sys, "version", "3.12.1 (another build)")
    assert not env.holds(dev)


@pytest.mark.slow
def test_a_run_in_which_no_test_ran_fails(
    door: ModuleType, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    env = door.Environment(Path(sys.prefix))
    assert door.suite(env, ["tests/house/test_the_door_opens.py", "-k", "khong_co_bai_nay", "-n0", "-q"]) == 5
    assert "Không có kiểm thử nào chạy" in capfd.readouterr().err


def test_a_long_step_speaks_while_it_works(
    door: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(door, "BEAT_S", 0.05)
    wait = "import sys, threading; threading.Event().wait(0.3); print('xin chào'); sys.exit(3)"
    log = tmp_path / "build" / "x.log"
    assert door.long_step("Đang thử", [sys.executable, "-X", "utf8", "-c", wait], log) == 3
    lines = capfd.readouterr().err.splitlines()
    assert lines[0] == "Đang thử…"
    assert any("vẫn đang làm" in line for line in lines[1:-1])
    assert "không xong (mã 3)" in lines[-1]
    assert "xin chào" in door.tail(log)


def test_what_decides_is_the_suite_and_nothing_else() -> None:
    entry = ROOT / ".ci" / "run"
    assert os.access(entry, os.X_OK)
    assert os.access(DOOR, os.X_OK)
    lines = [line for line in entry.read_text().splitlines() if line and not line.startswith("#")]
    assert lines == ["set -eu", 'cd "$(dirname "$0")/.."', "exec ./tram111 test </dev/null"]
