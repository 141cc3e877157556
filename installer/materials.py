"""What the program is made of, from the lock: its bill of materials, and what is known against any part of it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
LOCK: Final = ROOT / "requirements" / "run.txt"
BILL: Final = ROOT / "build" / "sbom.cdx.json"
AUDIT: Final = ROOT / "build" / "audit.json"
FOUND: Final = 1
"""Exit code: something is wrong with a part."""
NOT_AUDITED: Final = 3
"""Exit code: nobody could be asked about some part."""
_PATIENCE_S: Final = 300.0
_PINNED: Final = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)", re.MULTILINE)
# Only what starts the programs below: an audit needs no other setting, and none may make it look elsewhere.
_ENVIRONMENT: Final = (
    "PATH", "HOME", "SYSTEMROOT", "TEMP", "TMP", "USERPROFILE", "LOCALAPPDATA", "XDG_CACHE_HOME", "HTTPS_PROXY",
    "https_proxy", "NO_PROXY", "no_proxy", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an audit came to: parts with known faults (`name version: ids`), and parts nobody could be asked about."""

    faulty: tuple[str, ...]
    unasked: tuple[str, ...]

    @property
    def code(self) -> int:
        """0 only where every part was looked up and nothing is known against any."""
        return FOUND if self.faulty else NOT_AUDITED if self.unasked else 0


def pinned(lock: str) -> dict[str, str]:
    """Every part that a lock pins, by its normalised name."""
    return {_plain(name): version for name, version in _PINNED.findall(lock)}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def judge(report: str, parts: dict[str, str]) -> Verdict:
    """Read an audit's report against the lock. What the report leaves out, skips or says of another version was not
    audited, and a report that cannot be read audited nothing: silence is never taken for a good answer."""
    try:
        told = {_plain(one["name"]): one for one in json.loads(report)["dependencies"]}
    except (ValueError, KeyError, TypeError):
        told = {}
    faulty = [
        f"{name} {one.get('version', '')}: {', '.join(fault['id'] for fault in one['vulns'])}"
        for name, one in sorted(told.items())
        if one.get("vulns")
    ]
    return Verdict(tuple(faulty), tuple(name for name in sorted(parts) if not _asked(told.get(name), parts[name])))


def _asked(one: dict[str, Any] | None, version: str) -> bool:
    return one is not None and "skip_reason" not in one and "vulns" in one and one.get("version") == version


def _run(arguments: Sequence[str]) -> int:
    """Run a program of our Python; what it says is its own business, what it wrote is read. Answers its exit code,
    or that of nobody asked where it does not end."""
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    try:
        done = subprocess.run(
            [sys.executable, "-X", "utf8", "-m", *arguments], cwd=ROOT, env=environment, capture_output=True,
            timeout=_PATIENCE_S, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return NOT_AUDITED
    return done.returncode


def write_bill(lock: Path, bill: Path) -> int:
    """Write the bill of materials (CycloneDX) of everything the lock pins. Answers how many parts are in it; 0 where
    it could not be written."""
    bill.parent.mkdir(parents=True, exist_ok=True)
    bill.unlink(missing_ok=True)
    if _run(["cyclonedx_py", "requirements", str(lock), "--output-reproducible", "--of", "JSON", "-o", str(bill)]):
        return 0
    return len(json.loads(bill.read_text("utf-8"))["components"])


def audit(lock: Path, report: Path) -> Verdict:
    """Ask the index's own database of known faults about everything the lock pins."""
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    parts = pinned(lock.read_text("utf-8"))
    wanted = report.with_suffix(".txt")  # without the lock's conditions: parts of other systems are asked about too
    wanted.write_text("".join(f"{name}=={version}\n" for name, version in parts.items()), "utf-8")
    asked = ["--disable-pip", "--no-deps", "--progress-spinner", "off", "-f", "json", "-o", str(report)]
    # It ends with 0 also where it could ask nobody: the report decides.
    _run(["pip_audit", "-r", str(wanted), *asked])
    return judge(report.read_text("utf-8") if report.exists() else "", parts)


def main() -> int:
    """Write the bill, ask about every part, say in one line each how it went."""
    parts = pinned(LOCK.read_text("utf-8"))
    written = write_bill(LOCK, BILL)
    if written != len(parts):
        print(f"Bảng kê thành phần thiếu: {written} trên {len(parts)}; xem {LOCK.relative_to(ROOT)}.")
        return FOUND
    print(f"Bảng kê {written} thành phần: {BILL.relative_to(ROOT)}")
    verdict = audit(LOCK, AUDIT)
    for one in verdict.faulty:
        print(f"CÓ LỖ HỔNG ĐÃ BIẾT: {one}")
    if verdict.unasked:
        count = f"{len(verdict.unasked)} trên {len(parts)} thành phần (not audited)"
        print(f"CHƯA kiểm tra lỗ hổng đã biết của {count}: không hỏi được cơ sở dữ liệu. Hãy chạy lại khi có mạng.")
    elif not verdict.faulty:
        print(f"Không có lỗ hổng đã biết nào trong {len(parts)} thành phần.")
    return verdict.code


if __name__ == "__main__":
    sys.exit(main())
