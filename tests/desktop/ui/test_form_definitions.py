"""Form definitions load, and a broken one names its file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktop.operations.values import LISTS
from desktop.reference import Reference
from desktop.ui.forms.definition import FormError, load_form
from desktop.ui.main_window import FORMS, load_forms

GOOD = """id = "x"
title = "Thử"

[[section]]
title = "Một"

[[section.field]]
name = "caller_kind"
kind = "code"
list = "caller_kind"
label = "Người gọi là"

[[section.field]]
name = "urgency"
kind = "choice"
list = "urgency"
label = "Mức"
options = [["emergency", "Khẩn cấp"]]
"""


def test_every_form_of_the_desk_loads_and_its_lists_are_those_the_operations_check(reference: Reference) -> None:
    forms = load_forms(reference.catalogue)
    assert set(forms) == set(FORMS)
    drawn = [field for form in forms.values() for field in form.fields]
    assert len(drawn) > 30
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
        ('list = "caller_kind"', 'list = "caller_kinds"', 10, "caller_kinds"),
        ('name = "caller_kind"', 'name = "caller_sort"', 8, "caller_sort"),
        ('kind = "code"', 'kind = "text"', 9, "cannot be drawn"),
        ('label = "Người gọi là"', 'lable = "Người gọi là"', 7, "no label"),
        ('label = "Mức"', 'label = "Mức"\ncolour = "red"', 18, "colour"),
        ('[["emergency", "Khẩn cấp"]]', '[["now", "Ngay"]]', 18, "'now' is not a code"),
        ('name = "urgency"', 'name = "caller_kind"', 14, "stands twice"),
        ('title = "Một"', 'title = "Một', 5, "TOML"),
        ("Người", "Ngu\u031bo\u031b\u0300i", 11, "NFC"),
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
