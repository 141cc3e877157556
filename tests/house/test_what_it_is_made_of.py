"""The bill of materials names every part of the lock; an audit that could ask nobody never passes for a good one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from installer import materials
from tests.house.reading import ROOT

PARTS = {"a-part": "1.0", "b-part": "2.5"}


def report(*told: dict[str, Any]) -> str:
    return json.dumps({"dependencies": told, "fixes": []})


A: dict[str, Any] = {"name": "A_Part", "version": "1.0", "vulns": []}
B: dict[str, Any] = {"name": "b.part", "version": "2.5", "vulns": []}
SKIPPED: dict[str, Any] = {"name": "b-part", "skip_reason": "Dependency not found"}
BAD: dict[str, Any] = {**B, "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["2.6"]}]}


def test_only_a_report_that_speaks_of_every_part_in_its_version_is_a_good_one() -> None:
    assert materials.judge(report(A, B), PARTS).code == 0


@pytest.mark.parametrize(
    "said",
    ["", "no JSON", "[]", "{}", report(), report(A), report(A, SKIPPED), report(A, {**B, "version": "2.4"}),
     report(A, {"name": "b-part", "version": "2.5"})],
)  # fmt: skip
def test_silence_a_skipped_part_or_another_version_is_not_audited(said: str) -> None:
    verdict = materials.judge(said, PARTS)
    assert verdict.code == materials.NOT_AUDITED
    assert "b-part" in verdict.unasked


def test_a_known_fault_fails_also_where_other_parts_could_not_be_asked_about() -> None:
    assert materials.judge(report(A, BAD), PARTS) == materials.Verdict(("b-part 2.5: PYSEC-2026-1",), ())
    assert materials.judge(report(BAD), PARTS).code == materials.FOUND


def test_without_a_line_the_bill_names_every_part_and_one_sentence_says_that_none_was_audited(tmp_path: Path) -> None:
    nobody = "http://127.0.0.1:9"
    nowhere = {"HTTPS_PROXY": nobody, "https_proxy": nobody, "NO_PROXY": "", "no_proxy": ""}
    environment = {**os.environ, **nowhere, "XDG_CACHE_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    asked = (
        "import sys; from pathlib import Path; from installer import materials as m; "
        "m.BILL, m.AUDIT, m.ROOT = Path(sys.argv[1], 'b'), Path(sys.argv[1], 'a'), Path('/'); sys.exit(m.main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", asked, str(tmp_path)], env=environment, cwd=ROOT, capture_output=True, text=True,
        check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == materials.NOT_AUDITED, done.stderr
    assert "CHƯA kiểm tra" in done.stdout
    assert "Không có lỗ hổng" not in done.stdout
    parts = materials.pinned(materials.LOCK.read_text("utf-8"))
    assert len(parts) > 40
    assert f"{len(parts)} trên {len(parts)} thành phần" in done.stdout
    told = json.loads((tmp_path / "b").read_text("utf-8"))["components"]
    assert {(one["name"].lower().replace("_", "-"), one["version"]) for one in told} == set(parts.items())
