"""A form definition in the language of the desk: titles, labels, hints and options; names and codes stay."""

from __future__ import annotations

from dataclasses import replace

from desktop.ui.forms.definition import FieldDefinition, FormDefinition, SectionDefinition
from desktop.ui.words import spoken


def told(form: FormDefinition) -> FormDefinition:
    """The same form in the language of the desk."""
    return replace(form, title=spoken(form.title), sections=tuple(_section(one) for one in form.sections))


def _section(one: SectionDefinition) -> SectionDefinition:
    return replace(one, title=spoken(one.title), fields=tuple(_field(field) for field in one.fields))


def _field(one: FieldDefinition) -> FieldDefinition:
    options = tuple((code, spoken(words)) for code, words in one.options)
    return replace(one, label=spoken(one.label), hint=spoken(one.hint), options=options)
