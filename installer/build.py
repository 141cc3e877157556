"""`./tram111 build`: freezes the desk, states its size and starts its every screen offscreen; fails if one fails."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from installer import contents, debian

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"
DIST = BUILD / "dist"
DESK = DIST / "tram111"
PROGRAM = DESK / ("tram111.exe" if os.name == "nt" else "tram111")
BEAT_S = 15.0
CHECK_LIMIT_S = 180.0


class BuildError(Exception):
    """The build stands still; the text says where to look."""


def say(text: str) -> None:
    """One line, at once."""
    print(text, flush=True)


def commit_time() -> str:
    """Seconds of the last commit, so that one commit gives the same files whenever it is built; now, without git."""
    asked = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() or str(int(time.time()))


def freeze() -> None:
    """Run PyInstaller on the recipe; its words go to build/pyinstaller.log."""
    log = BUILD / "pyinstaller.log"
    BUILD.mkdir(exist_ok=True)
    shutil.rmtree(DESK, ignore_errors=True)
    command = [
        sys.executable, "-m", "PyInstaller", "--noconfirm", "--clean", "--log-level", "WARN",
        "--distpath", str(DIST), "--workpath", str(BUILD / "pyinstaller"), str(ROOT / "installer" / "tram111.spec"),
    ]  # fmt: skip
    env = {**os.environ, "SOURCE_DATE_EPOCH": commit_time(), "PYTHONHASHSEED": "1", "QT_QPA_PLATFORM": "offscreen"}
    say("Đang đóng gói trạm làm việc…")
    began = time.monotonic()
    with log.open("wb") as out:
        child = subprocess.Popen(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        while True:
            try:
                code = child.wait(BEAT_S)
                break
            except subprocess.TimeoutExpired:
                say(f"  … vẫn đang làm, {time.monotonic() - began:.0f} giây")
    if code != 0 or not PROGRAM.is_file():
        say("\n".join(log.read_text("utf-8", "replace").splitlines()[-20:]))
        message = f"Không đóng gói được (mã {code}): xem build/pyinstaller.log."
        raise BuildError(message)
    say(f"  xong sau {time.monotonic() - began:.0f} giây")


def look_through() -> float:
    """Check what is inside; the size in MB."""
    found = contents.strangers(DESK)
    if found:
        message = f"Có {len(found)} tệp không nên có trong bản đóng gói, ví dụ {found[0]}: sửa installer/contents.py."
        raise BuildError(message)
    if not any(DESK.rglob("resources")):
        message = "Bản đóng gói thiếu thư mục resources."
        raise BuildError(message)
    size = contents.megabytes(DESK.rglob("*"))
    say(f"Kích thước: {size:.1f} MB ({sum(1 for p in DESK.rglob('*') if p.is_file())} tệp) ở build/dist/tram111")
    return size


def self_check() -> float:
    """Run the frozen program's own check with nothing of this machine's Python in reach; the seconds it took."""
    with tempfile.TemporaryDirectory(prefix="t111-", ignore_cleanup_errors=True) as home:
        kept = ("SYSTEMROOT", "PATH", "LANG", "TEMP", "TMP", "TMPDIR")
        env = {name: os.environ[name] for name in kept if name in os.environ}
        env |= {"HOME": home, "USERPROFILE": home, "APPDATA": home, "LOCALAPPDATA": home, "XDG_RUNTIME_DIR": home}
        env |= {"QT_QPA_PLATFORM": "offscreen"}
        say("Đang tự kiểm tra: mở từng màn hình không cần hiển thị…")
        began = time.monotonic()
        try:
            done = subprocess.run(
                [str(PROGRAM), "--self-check"],
                cwd=home, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                text=True, encoding="utf-8", errors="replace", timeout=CHECK_LIMIT_S, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as late:
            message = f"Tự kiểm tra không xong trong {CHECK_LIMIT_S:.0f} giây."
            raise BuildError(message) from late
    say("\n".join(f"  {line}" for line in done.stdout.splitlines()[-15:]))
    if done.returncode != 0:
        message = f"Tự kiểm tra không đạt (mã {done.returncode})."
        raise BuildError(message)
    took = time.monotonic() - began
    say(f"  đạt sau {took:.1f} giây")
    return took


def main(arguments: list[str]) -> int:
    """Build; returns the exit code. The figures also go to build/build.json."""
    parser = argparse.ArgumentParser(prog="./tram111 build", description="Đóng gói trạm làm việc và tự kiểm tra.")
    parser.add_argument("--deb", action="store_true", help="làm thêm gói .deb (cần dpkg-deb)")
    chosen = parser.parse_args(arguments)
    try:
        freeze()
        figures: dict[str, float] = {"build.size_mb": round(look_through(), 1)}
        figures["build.self_check_s"] = round(self_check(), 1)
        if chosen.deb:
            package = debian.make(ROOT, DESK, BUILD)
            figures["build.deb_mb"] = round(contents.megabytes([package]), 1)
            say(f"Gói Debian: {figures['build.deb_mb']} MB ở {package.relative_to(ROOT)}")
    except (BuildError, debian.NoPackageError) as stop:
        say(str(stop))
        return 1
    (BUILD / "build.json").write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
