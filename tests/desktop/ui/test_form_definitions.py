"""Form definitions load, and a broken one names its file and line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from desktop import running
from desktop.operations.values import BINDS, LISTS, parts_of
from desktop.reference import RESOURCES, Reference
from desktop.ui import main_window
from desktop.ui.forms.definition import FormError, load_all, load_form, questions
from desktop.ui.main_window import FORMS, load_forms

FOLDER = RESOURCES / "forms"

GOOD = """id = "x"
title = "Thử"
version = 2

[[section]]
title = "Một"

[[section.field]]
name = "caller_kind"
bind = "contact.caller_kind"
kind = "code"
list = "caller_kind"
label = "Người gọi là"

[[section.field]]
name = "urgency"
bind = "case.urgency"
kind = "choice"
list = "urgency"
label = "Mức"
options = [["emergency", "Khẩn cấp"]]
relevant = "caller_kind != 'child'"
"""


def test_every_form_of_the_desk_loads_and_its_lists_are_those_the_operations_check(reference: Reference) -> None:
    forms = load_forms(reference.catalogue)
    assert set(forms) == set(FORMS)
    drawn = [field for form in forms.values() for field in form.fields]
    assert len(drawn) > 30
    assert sum(field.relevant is not None or field.required is not None for field in drawn) > 5
    for field in drawn:
        if field.list_name:
            assert LISTS[field.name][0] == field.list_name


def test_the_report_asks_in_the_order_of_the_conversation(reference: Reference) -> None:
    names = [field.name for field in load_forms(reference.catalogue)["report"].fields]
    order = ["child_whereabouts", "child_safe_now", "child_name", "abuse_types", "happened_when"]
    assert [name for name in names if name in order] == order


@pytest.mark.parametrize(
    ("broken", "by", "line", "says"),
    [
        ('list = "caller_kind"', 'list = "caller_kinds"', 12, "caller_kinds"),
        ('name = "caller_kind"', 'name = "caller_sort"', 9, "caller_sort"),
        ('kind = "code"', 'kind = "text"', 11, "cannot be drawn"),
        ('label = "Người gọi là"', 'lable = "Người gọi là"', 8, "no label"),
        ('label = "Mức"', 'label = "Mức"\ncolour = "red"', 21, "colour"),
        ('[["emergency", "Khẩn cấp"]]', '[["now", "Ngay"]]', 21, "'now' is not a code"),
        ('name = "urgency"', 'name = "caller_kind"', 16, "stands twice"),
        ('title = "Một"', 'title = "Một', 6, "TOML"),
        ("Người", "Ngu\u031bo\u031b\u0300i", 13, "NFC"),
        ("version = 2\n", "", 1, "needs version"),
        ('"case.urgency"', '"contact.summary"', 17, "written to 'case.urgency', not to 'contact.summary'"),
        ("caller_kind != 'child'", "caller_sort != 'child'", 22, "no field is called so"),
        ("caller_kind != 'child'", "caller_kind != 'kid'", 22, "'kid', which is no code of field 'caller_kind'"),
        ("caller_kind != 'child'", "caller_kind in ['child', 'kid']", 22, "'kid', which is no code"),
        ("caller_kind != 'child'", "caller_kind !=", 22, "cannot be read as CEL"),
        ("caller_kind != 'child'", "upper(caller_kind) == 'X'", 22, "no function is called so"),
        ("caller_kind != 'child'", "size(caller_kind) > 3", 22, "no yes or no for every value"),
        ("caller_kind != 'child'", "caller_kind", 22, "no yes or no for every value"),
    ],
)
def test_a_broken_definition_names_file_and_line(
    reference: Reference, tmp_path: Path, broken: str, by: str, line: int, says: str
) -> None:
    path = tmp_path / "thu.toml"
    path.write_text(GOOD, "utf-8")
    load_form(path, reference.catalogue)
    path.write_text(GOOD.replace(broken, by), "utf-8")
    with pytest.raises(FormError, match=says) as fault:
        load_form(path, reference.catalogue)
    assert (fault.value.file, fault.value.line) == ("thu.toml", line)
    assert str(fault.value).startswith(f"thu.toml:{line}: ")


def test_a_missing_definition_is_named(reference: Reference, tmp_path: Path) -> None:
    with pytest.raises(FormError, match="cannot be read"):
        load_form(tmp_path / "nowhere.toml", reference.catalogue)


def test_a_centre_asks_its_own_questions_and_every_centre_can_read_the_answers(reference: Reference) -> None:
    own, other = (load_forms(reference.catalogue, centre) for centre in ("an_giang", "da_nang"))
    added = {field.name for field in own["file"].fields} - {field.name for field in other["file"].fields}
    assert added == set(questions(FOLDER, reference.catalogue)) != set()
    assert (own["file"].asked_by, other["file"].asked_by) == ("an_giang.1", "")


EXTRA = """id = "vung"
title = "Thử"
version = 1
centre = "an_giang"
extends = ["file"]

[[section]]
title = "Một"

[[section.field]]
name = "x_one"
bind = "answer.value"
kind = "tick"
label = "Có không"
"""


@pytest.mark.parametrize(
    ("broken", "by", "says"),
    [
        ('"an_giang"', '"an_gian"', "needs centre"),
        ('["file"]', '["fill"]', "extends 'fill', and no form is called so"),
        ('"x_one"', '"summary"', "begins with 'x_'"),
        ('"tick"', '"codes"', "cannot be drawn as 'codes'"),
        ('"x_one"', '"x_parents_away"', "stands in an_giang.toml too"),
    ],
)
def test_a_broken_question_of_a_centre_stops_the_forms(
    reference: Reference, tmp_path: Path, broken: str, by: str, says: str
) -> None:
    folder = Path(shutil.copytree(FOLDER, tmp_path / "forms"))
    (folder / "extra" / "vung.toml").write_text(EXTRA, "utf-8")
    load_all(folder, FORMS, reference.catalogue, "an_giang")
    (folder / "extra" / "vung.toml").write_text(EXTRA.replace(broken, by), "utf-8")
    with pytest.raises(FormError, match=says):
        load_all(folder, FORMS, reference.catalogue, "an_giang")


def test_every_binding_is_a_field_that_a_form_really_writes(reference: Reference) -> None:
    lists = {name: next(iter(reference.catalogue[listed])).code for name, (listed, _) in LISTS.items()}
    for name, bind in BINDS.items():
        role, field = bind.split(".")
        if role in ("contact", "child", "caller", "case") and not name.startswith(("province", "commune")):
            one = lists.get(name, "1")
            parts = parts_of({name: [one] if name in ("topics", "abuse_types") else one}, reference, 0)
            assert field in getattr(parts, role), name


def test_the_program_does_not_start_with_a_broken_form(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = Path(shutil.copytree(FOLDER, tmp_path / "forms")).parent
    (root / "forms" / "case.toml").write_text('id = "case"', "utf-8")
    monkeypatch.setattr(main_window, "RESOURCES", root)
    assert running.run(tmp_path / "desk") == running.BAD_FORMS
    assert "case.toml:1: needs id, title and at least one [[section]]" in capsys.readouterr().err
    assert not (tmp_path / "desk").exists()
