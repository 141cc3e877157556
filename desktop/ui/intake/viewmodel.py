"""One open form: its draft is kept within two seconds, it is saved as one act, trouble keeps everything."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from desktop.background.lanes import Closed
from desktop.operations import drafts, intake
from desktop.ui.words import tr
from domain.clock import Clock, vn_date
from domain.codes.catalogue import Catalogue
from domain.ids import RANDOM_BYTES, uuid7
from domain.phones import normalise
from domain.rules.intake import Draft as Asked
from domain.rules.intake import Finding, age_group_of, check_file, check_report
from domain.said_age import OLDEST, SaidAge, said_age
from domain.said_date import said_date

if TYPE_CHECKING:
    from desktop.background.lanes import StoreLane

KEEP_MS: Final = 1_000
"""A draft is kept this long after the first unsaved change; settled 24 allows two seconds."""
AGAIN_MS: Final = 10_000
"""A draft that could not be kept (a full disk) is tried again so soon, without another key."""

FormValues = dict[str, Any]
_SAID: Final = ("child_age", "child_birth_year", "child_birth_date", "number")
_ISO: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_NUMBER: Final = re.compile(r"\+?\d[\d .-]{6,16}\d")


class IntakeModel(QObject):
    """View-model of one form instance. `read` is called on the GUI thread and gives the form's values now."""

    draft_kept = Signal(object)
    saved = Signal(object)
    trouble = Signal(object)
    busy_changed = Signal()

    def __init__(
        self,
        lane: StoreLane,
        clock: Clock,
        catalogue: Catalogue,
        *,
        form: str,
        call_id: str | None = None,
        contact_id: str | None = None,
        item_id: str | None = None,
        draft_id: str = "",
        begun_at: int = 0,
    ) -> None:
        super().__init__()
        self._lane, self._clock, self._catalogue = lane, clock, catalogue
        self.form, self.call_id, self.contact_id = form, call_id, contact_id
        self.item_id = item_id
        """The item of the queue that it is written of; its draft remembers it."""
        now = clock.now_ms()
        self.draft_id = draft_id or uuid7(now, os.urandom(RANDOM_BYTES))
        self.begun_at = begun_at or now
        self.restored = bool(draft_id)
        self.values: FormValues = {}
        self.over: intake.Over | None = None
        """What the form was opened over, where its file was there before."""
        self._ready: FormValues = {}
        self._sent: FormValues = {}
        self.dirty = False
        self.saving = False
        self.gone = False
        self.edited_ms: int | None = None
        """When it was changed last (monotonic): a form being written is not locked away by idle."""
        self._keep, self._again = QTimer(self), QTimer(self)
        for timer, ms in ((self._keep, KEEP_MS), (self._again, AGAIN_MS)):
            timer.setSingleShot(True)
            timer.setInterval(ms)
            timer.timeout.connect(self.keep_now)

    def changed(self, values: FormValues) -> None:
        """The form reads so now; it will be kept as a draft within `KEEP_MS`."""
        self.values = values
        self.edited_ms = self._clock.monotonic_ms()
        self.dirty = True
        if not self._keep.isActive():
            self._keep.start()

    @Slot()
    def keep_now(self) -> None:
        """Keep the draft at once (window closes, another call comes)."""
        self._stop()
        if self.gone or self.saving or not self.dirty:
            return
        self.dirty = False
        operation = drafts.keep(self.draft_id, self.form, self.call_id or "", self.values, self._bases())
        try:
            self._lane.submit(operation, self._kept, self._keep_failed, initiator="draft")
        except Closed:  # the desk ended while a former try was under way; its trouble was told
            return

    def _bases(self) -> dict[str, Any]:
        about = {"contact_id": self.contact_id, "item_id": self.item_id}
        bases: dict[str, Any] = {name: one for name, one in about.items() if one}
        if self.over is not None:
            bases |= {"before": self.over.values, "seen": self.over.seen}
        return bases

    def open_again(self, bases: Mapping[str, Any]) -> None:
        """A draft comes back: what it was opened over comes with it."""
        if self.contact_id is not None and "before" in bases:
            self.over = intake.Over(self.contact_id, bases["before"], bases.get("seen"))

    def _stop(self) -> None:
        self._keep.stop()
        self._again.stop()

    def _kept(self, at_ms: int) -> None:
        self.draft_kept.emit(at_ms)

    def _keep_failed(self, fault: Exception) -> None:
        if not self.gone:
            self.dirty = True
            self._again.start()
        self.trouble.emit(fault)

    def upgrade(self) -> None:
        """The file becomes a report; values stay."""
        self.form = intake.FORM_REPORT
        self.changed(self.values)

    def save(self, values: FormValues) -> None:
        """Save the act. The answer comes as `saved` after COMMIT, or as `trouble` with everything kept."""
        if self.saving or self.gone:
            return
        self._stop()
        self.values = self._sent = values
        self.saving, self.dirty = True, False
        self.busy_changed.emit()
        ready = self._ready = settled(values, self._labels(), vn_date(self._clock.now_ms()))
        names = {"contact_id": self.contact_id, "draft_id": self.draft_id, "item_id": self.item_id}
        if self.form == intake.FORM_REPORT:
            report = intake.save_report(ready, self.call_id, **names, over=self.over)
            self._lane.submit(report, self._saved, self._save_failed, initiator="intake")
        else:
            file = intake.save_file(ready, self.call_id, **names, over=self.over)
            self._lane.submit(file, self._saved, self._save_failed, initiator="intake")

    def _labels(self) -> dict[str, str]:
        return {
            "child_age": tr("Tuổi của trẻ"),
            "child_birth_year": tr("Năm sinh của trẻ"),
            "child_birth_date": tr("Ngày sinh của trẻ"),
            "number": tr("Số máy"),
        }

    def _saved(self, result: intake.SavedFile | intake.SavedReport) -> None:
        self.saving = False
        self.contact_id = result.contact_id
        if self.dirty and self.values != self._sent:
            # Typed between the key and the end of the saving: saved too, before the form closes over it.
            self.over = intake.Over(result.contact_id, self._ready)
            self.save(self.values)
            return
        self.gone = True
        self.dirty = False
        self._stop()
        self.busy_changed.emit()
        self.saved.emit(result)

    def _save_failed(self, fault: Exception) -> None:
        self.saving = False
        self.dirty = True
        self.busy_changed.emit()
        self._keep.start()
        self.trouble.emit(fault)

    def let_go(self) -> None:
        """The draft belongs to somebody else now: nothing is written into it any more."""
        self._stop()
        self.gone = True

    def discard(self) -> None:
        """The person puts the form away unsaved."""
        self._stop()
        self.gone = True
        self._lane.submit(drafts.discard(self.draft_id), None, self._keep_failed, initiator="draft")

    def findings(self) -> tuple[Finding, ...]:
        """What is worth asking still; saving never depends on it."""
        today = vn_date(self._clock.now_ms())
        asked = asked_of(self.values, today)
        check = check_report if self.form == intake.FORM_REPORT else check_file
        found = check(asked, self._catalogue, today)
        return found.missing + found.warnings


def settled(values: Mapping[str, Any], labels: Mapping[str, str], today: date) -> FormValues:
    """Values ready for the operation. Words in a box for a number or a day ("khoảng 7", "năm sinh 2014") go whole
    into the summary and what they say into its own field: nothing typed is lost and nothing blocks."""
    found = dict(values)
    age = found.get("child_age")
    if isinstance(age, int) and age > OLDEST:
        found["child_age"] = str(age)  # a year typed into the box of the age
    for name in _SAID:
        value = found.get(name)
        if not isinstance(value, str) or _is_settled(name, value):
            continue
        del found[name]
        found |= _parts_of(name, value, today)
        words = f"{labels.get(name, name)}: {value}"
        found["summary"] = f"{found['summary']}\n{words}" if found.get("summary") else words
    return found


def _is_settled(name: str, value: str) -> bool:
    """Whether the text is a value of its field already."""
    if name == "child_birth_date":
        return bool(_ISO.fullmatch(value))
    return name == "number" and bool(normalise(value)) and not any(letter.isalpha() for letter in value)


def _parts_of(name: str, value: str, today: date) -> FormValues:
    if name == "number":
        numbers = _NUMBER.findall(value)
        return {"number": numbers[0]} if len(numbers) == 1 else {}
    if name == "child_birth_date":
        day = said_date(value, today)
        if day is not None:
            return {"child_birth_date": day.isoformat()}
    said = said_age(value, today)
    return _parts_of_age(said, today) if said is not None else {}


def _parts_of_age(said: SaidAge, today: date) -> FormValues:
    """The fields of the child that these words give."""
    group = age_group_of(said.years_on(today))
    parts: FormValues = {"age_group": group} if group else {}
    if said.years is not None:
        parts["child_age"] = said.years
    if said.birth_year is not None:
        parts["child_birth_year"] = said.birth_year
    if said.birth_date is not None:
        parts["child_birth_date"] = said.birth_date.isoformat()
    if said.estimated:
        parts["child_age_estimated"] = True
    return parts


def asked_of(values: Mapping[str, Any], today: date) -> Asked:
    """The values as the rules of intake look at them."""
    age = values.get("child_age")
    whole = age if isinstance(age, int) else None
    said = said_age(str(age), today) if age is not None else None
    if said is not None:
        whole = said.years_on(today)
    province = (str(values.get("province_set", "")), str(values["province"])) if values.get("province") else None
    commune = (str(values.get("commune_set", "")), str(values["commune"])) if values.get("commune") else None
    return Asked(
        topics=tuple(values.get("topics", ())),
        caller_kind=values.get("caller_kind"),
        age_group=age_group_of(whole) if whole is not None else None,
        sex=values.get("child_sex"),
        province=province,
        summary=values.get("summary"),
        child_name=values.get("child_name"),
        child_age=whole,
        urgency=values.get("urgency"),
        child_whereabouts=values.get("child_whereabouts"),
        child_safe_now=values.get("child_safe_now"),
        commune=commune,
        language=values.get("language"),
        needs_interpreter=values.get("needs_interpreter"),
        abuse_types=tuple(values.get("abuse_types", ())),
    )


_FIELD_OF: Final = {"age_group": "child_age", "sex": "child_sex", "commune": "province"}


def field_of(finding: Finding) -> str:
    """The form's field that a finding of the rules speaks of."""
    return _FIELD_OF.get(finding.field, finding.field)
