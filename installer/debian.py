"""The .deb of the frozen desk: installs on a Debian 12 without any Python, by plain dpkg-deb."""

from __future__ import annotations

import shutil
import subprocess
import tomllib
from pathlib import Path

DEPENDS = (
    "libc6 (>= 2.35)", "libglib2.0-0", "libegl1", "libgl1", "libdbus-1-3", "libfontconfig1", "libxkbcommon0",
    "libxcb-cursor0", "libxcb-icccm4", "libxcb-keysyms1", "libxcb-shape0", "libxkbcommon-x11-0", "libx11-xcb1",
)  # fmt: skip
"""What Qt opens with a real window (measured on a bare Debian 12); PySide6's wheel needs glibc 2.34 or newer."""

CONTROL = """\
Package: tram111
Version: {version}
Architecture: {architecture}
Maintainer: Tổng đài 111 <root@localhost>
Installed-Size: {kilobytes}
Depends: {depends}
Section: misc
Priority: optional
Description: Trạm làm việc Tổng đài quốc gia bảo vệ trẻ em 111
 Nhận cuộc gọi, ghi phiếu và theo dõi vụ việc, làm việc cả khi mất đường truyền.
"""

LAUNCHER = """\
[Desktop Entry]
Type=Application
Name=Trạm 111
Comment=Trạm làm việc Tổng đài 111
Exec=/usr/bin/tram111
Icon=tram111
Terminal=false
Categories=Office;
StartupWMClass=tram111
"""


class NoPackageError(Exception):
    """The .deb cannot be made here; the text says why."""


def version(root: Path) -> str:
    """The project's version as written in pyproject.toml."""
    return str(tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["version"])


def make(root: Path, desk: Path, build: Path) -> Path:
    """Build `build/tram111_VERSION_ARCH.deb` from the frozen desk; returns its path. Raises NoPackageError."""
    tool = shutil.which("dpkg-deb")
    if tool is None:
        message = "Không có dpkg-deb trên máy này: hãy làm gói .deb trên Debian."
        raise NoPackageError(message)
    asked = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=False)
    architecture = asked.stdout.strip() or "amd64"
    tree = build / "deb"
    shutil.rmtree(tree, ignore_errors=True)
    shutil.copytree(desk, tree / "opt" / "tram111", symlinks=True)
    for folder in ("DEBIAN", "usr/bin", "usr/share/applications", "usr/share/icons/hicolor/scalable/apps"):
        (tree / folder).mkdir(parents=True)
    (tree / "usr/bin/tram111").symlink_to("../../opt/tram111/tram111")
    (tree / "usr/share/applications/tram111.desktop").write_text(LAUNCHER, "utf-8")
    icon = root / "resources" / "icons" / "tram111.svg"
    if icon.is_file():
        shutil.copy(icon, tree / "usr/share/icons/hicolor/scalable/apps/tram111.svg")
    kilobytes = sum(path.lstat().st_size for path in tree.rglob("*") if path.is_file()) // 1024
    (tree / "DEBIAN" / "control").write_text(
        CONTROL.format(
            version=version(root), architecture=architecture, kilobytes=kilobytes, depends=", ".join(DEPENDS)
        ),
        "utf-8",
    )
    package = build / f"tram111_{version(root)}_{architecture}.deb"
    command = [tool, "--root-owner-group", "-Zzstd", "--build", str(tree), str(package)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        message = f"dpkg-deb không làm được gói: {done.stderr.strip()[-300:]}"
        raise NoPackageError(message)
    shutil.rmtree(tree)
    return package
