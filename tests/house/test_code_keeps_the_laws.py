"""Every house rule about code: shown to catch a planted fault, then held against the whole repository."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.house import code_rules as rules
from tests.house import reading
from tests.house.reading import Source
from tests.house.screen_rules import sentences_can_be_translated

Rule = Callable[[Source], list[str]]

WORD = "TO" + "DO"
PLANTED: list[tuple[Rule, str]] = [
    (rules.no_lambda_is_connected, "lane.done.connect(lambda: page.show())"),
    (rules.no_lambda_is_connected, "lane.done.connect(partial(show, 1))"),
    (rules.no_lambda_is_connected, "lane.done.connect(functools.partial(show, 1), Qt.QueuedConnection)"),
    (rules.no_lambda_is_connected, "lane.done.connect(slot=lambda: None)"),
    (rules.no_orm, "from sqlalchemy.orm import Session"),
    (rules.no_orm, "import sqlalchemy.orm"),
    (rules.nothing_unfinished, f"x = 1  # {WORD}: later"),
    (rules.nothing_unfinished, "raise NotImplemented" + "Error"),
    (rules.nothing_unfinished, "@pytest.mark.ski" + "p\ndef test_a(): ..."),
    (rules.nothing_unfinished, "pytest.ski" + "p('no')"),
    (rules.nothing_unfinished, "assert Tru" + "e"),
    (rules.nobody_sleeps, "import time\ntime.sl" + "eep(1)"),
    (rules.nobody_sleeps, "from time import sleep\nsleep(0.1)"),
    (rules.nobody_sleeps, "qtbot.wa" + "it(50)"),
    (rules.silence_has_a_reason, "x = f()  # type: " + "ignore"),
    (rules.silence_has_a_reason, "x = f()  # type: " + "ignore[arg-type]"),
    (rules.silence_has_a_reason, "x = f()  # no" + "qa"),
    (rules.silence_has_a_reason, "x = f()  # no" + "qa: S608"),
    (rules.short_enough, "x = 1\n" * (rules.LONGEST + 1)),
    (rules.says_what_it_is_for, "import os\n"),
    (rules.says_what_it_is_for, '# licence\n"""A sentence."""\n'),
    (rules.says_what_it_is_for, '"""notes"""\n'),
    (rules.rooms_have_names, "class CallManager: ..."),
    (rules.statements_carry_no_values, "db.execute(f\"SELECT * FROM person WHERE name = '{name}'\")"),
    (rules.statements_carry_no_values, "db.execute(\"SELECT * FROM person WHERE name = '%s'\" % name)"),
    (rules.statements_carry_no_values, "db.execute('DELETE FROM person WHERE id = ' + ident)"),
    (rules.statements_carry_no_values, "db.exec_driver_sql('SELECT {}'.format(name))"),
    (rules.statements_carry_no_values, "db.execute(text(f'SELECT {name}'))"),
    (rules.statements_carry_no_values, "db.execute(f'SELECT {person.name}')"),
    (rules.is_pure, "import time"),
    (rules.is_pure, "from os import environ"),
    (rules.is_pure, "from datetime import datetime\nx = datetime.now()"),
    (rules.is_pure, "import datetime as d\nx = d.datetime.now(d.UTC)"),
    (rules.is_pure, "import uuid\nx = uuid.uuid4()"),
    (sentences_can_be_translated, "label.setText('Đã lưu')"),
    (sentences_can_be_translated, "window.setWindowTitle(f'Trạm {number}')"),
    (sentences_can_be_translated, "QLabel('Họ tên')"),
    (rules.shapes_are_made_known, "msgspec.json.decode(data, type=Floor)"),
    (rules.shapes_are_made_known, "msgspec.convert(data, list[Floor])"),
    (sentences_can_be_translated, "box.addItem('Nam' if male else 'Nữ')"),
    (sentences_can_be_translated, "QMessageBox.warning(self, self.tr('Lỗi'), 'Đĩa đầy')"),
    (sentences_can_be_translated, "table.setHorizontalHeaderLabels(['Giờ', 'Số'])"),
    (sentences_can_be_translated, "label.setText(self.tr(f'Còn {n} cuộc'))"),
]

INNOCENT: list[tuple[Rule, str]] = [
    (rules.no_lambda_is_connected, "lane.done.connect(self.show_saved)\nsqlite.connect(path)"),
    (rules.no_orm, "from sqlalchemy import Table, insert"),
    (rules.nobody_sleeps, "done.wait(5)\nqtbot.waitSignal(lane.done)"),
    (rules.silence_has_a_reason, "x = f()  # no" + "qa: S311  # a made-up day, no secret"),
    (rules.silence_has_a_reason, "x = f()  # type: " + "ignore[attr-defined]  # Windows only"),
    (rules.says_what_it_is_for, ""),
    (rules.says_what_it_is_for, '#!/usr/bin/env python3\n"""The door."""\n'),
    (rules.statements_carry_no_values, "db.execute(f'PRAGMA key = {key}')"),
    (rules.statements_carry_no_values, "db.execute('SELECT * FROM person WHERE id = ?', (ident,))"),
    (
        rules.statements_carry_no_values,
        "# sql-names-only: the table comes from the registry\ndb.execute(f'SELECT {t}')",
    ),
    (rules.statements_carry_no_values, "pool.execute(a + b)"),
    (rules.statements_carry_no_values, "db.execute(f'INSERT INTO {table.name} ({names}) VALUES ({marks})', rows)"),
    (rules.is_pure, "from datetime import datetime\ndef f(now: datetime) -> datetime: return now"),
    (rules.shapes_are_made_known, "msgspec.json.decode(a, type=known(Floor))"),
    (rules.shapes_are_made_known, "msgspec.json.decode(a, type=list[int])\nmsgspec.json.decode(a)"),
    (sentences_can_be_translated, "label.setText(self.tr('Đã lưu'))\nlabel.setText('—')\nkey.setText('F9')"),
    (
        sentences_can_be_translated,
        "label.setText(self.tr('Còn {n} cuộc').format(n=n))\nlabel.setText(call.number)",
    ),
    (sentences_can_be_translated, "logger.warning('the line is down')"),
]


@pytest.mark.parametrize(("rule", "text"), PLANTED)
def test_each_rule_catches_a_planted_fault(rule: Rule, text: str) -> None:
    assert rule(Source("desktop/ui/planted.py", text)), text


@pytest.mark.parametrize(("rule", "text"), INNOCENT)
def test_each_rule_leaves_honest_code_alone(rule: Rule, text: str) -> None:
    assert rule(Source("desktop/ui/planted.py", text)) == []


@pytest.mark.parametrize(
    "path", ["sync/utils.py", "desktop/helpers/names.py", "server/common/x.py", "sync/manager.py"]
)
def test_a_room_without_a_name_is_caught(path: str) -> None:
    assert rules.rooms_have_names(Source(path, "x = 1"))


@pytest.mark.parametrize("rule", rules.EVERYWHERE, ids=lambda rule: rule.__name__)
def test_every_python_file_keeps_the_rule(rule: Rule) -> None:
    sources = reading.python()
    assert len(sources) > 20, "the reading of the repository is broken"
    assert [finding for source in sources for finding in rule(source)] == []


def test_no_two_threads_teach_msgspec_a_class_at_once() -> None:
    found = [finding for source in reading.installed_python() for finding in rules.shapes_are_made_known(source)]
    assert found == []


def test_rows_are_read_and_written_by_core_only() -> None:
    assert [finding for source in reading.installed_python() for finding in rules.no_orm(source)] == []


PURE_FILES = {f"sync/{name}.py" for name in ("engine", "merge", "operation", "stamp", "digest", "chain")} | {
    f"sync/blobs/{name}.py" for name in ("carrier", "pace", "seal", "signals")
}


def test_the_domain_and_the_core_of_sync_take_nothing_by_themselves() -> None:
    pure = [s for s in reading.python() if s.path.startswith("domain/") or s.path in PURE_FILES]
    assert PURE_FILES - {source.path for source in pure} == set()
    assert [finding for source in pure for finding in rules.is_pure(source)] == []


def test_every_sentence_on_a_screen_can_be_translated() -> None:
    screens = [source for source in reading.python() if source.path.startswith("desktop/")]
    assert [finding for source in screens for finding in sentences_can_be_translated(source)] == []
