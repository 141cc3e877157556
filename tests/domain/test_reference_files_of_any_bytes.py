"""Lists, roles, periods and forms that arrive bent are refused by their own error, and the good one still stands."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desktop.reference import RESOURCES
from desktop.ui.forms.definition import FormError, load_form
from domain.codes.catalogue import Catalogue, CatalogueError, load_last_good
from domain.codes.directory import Directory
from domain.codes.letters import Letters
from domain.codes.places import Places
from domain.rules.calendar import WorkingCalendar
from domain.rules.clocks import ClockRules
from domain.rules.privacy import Policy
from domain.rules.privacy.policy import BadPolicy
from domain.rules.retention import BadRetention, Retention
from tests.bent import bent
from tests.conftest import SOAK

Load = Callable[[Path], Any]

PLACES = settings(max_examples=500 if SOAK else 6, suppress_health_check=list(HealthCheck))
"""The lists of communes are long: reading them takes tenths of a second."""


@cache
def lists() -> Catalogue:
    return Catalogue.load(RESOURCES / "codes")


def codes(name: str) -> list[str]:
    return [one.code for one in lists()[name].codes]


@pytest.fixture(scope="module")
def resources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(RESOURCES, tmp_path_factory.mktemp("r") / "resources"))


@contextmanager
def as_it_came(path: Path, data: bytes) -> Iterator[None]:
    good = path.read_bytes()
    path.write_bytes(data)
    try:
        yield
    finally:
        path.write_bytes(good)


def catalogue(folder: Path) -> Catalogue:
    return Catalogue.load(folder / "codes")


def roles(folder: Path) -> Policy:
    return Policy.load(folder / "policy", codes("centres"))


def periods(folder: Path) -> Retention:
    return Retention.load(folder / "policy")


def calendar(folder: Path) -> WorkingCalendar:
    return WorkingCalendar.load(folder / "calendar")


def clock_rules(folder: Path) -> ClockRules:
    return ClockRules.load(folder / "calendar" / "clock_rules.csv")


def directory(folder: Path) -> Directory:
    return Directory.load(folder / "directory", codes("languages"))


def letters(folder: Path) -> Letters:
    return Letters.load(folder / "letters", codes("centres"))


LOADERS: list[tuple[str, Load, type[Exception]]] = [
    ("codes/*.csv", catalogue, CatalogueError),
    ("policy/roles.toml", roles, BadPolicy),
    ("policy/retention.toml", periods, BadRetention),
    ("calendar/[0-9]*.csv", calendar, CatalogueError),
    ("calendar/clock_rules.csv", clock_rules, CatalogueError),
    ("directory/*.csv", directory, CatalogueError),
    ("letters/*.csv", letters, CatalogueError),
]


@pytest.mark.parametrize(("which", "load", "error"), LOADERS, ids=[one[0] for one in LOADERS])
@given(data=st.data())
@settings(max_examples=5_000 if SOAK else 20, suppress_health_check=list(HealthCheck))
def test_a_bent_list_is_read_or_refused_by_its_own_error(
    resources: Path, which: str, load: Load, error: type[Exception], data: st.DataObject
) -> None:
    path = data.draw(st.sampled_from(sorted(resources.glob(which))))
    with as_it_came(path, data.draw(bent(path.read_bytes()))), suppress(error):
        load(resources)
    assert load(resources) is not None


@given(data=st.data())
@settings(max_examples=5_000 if SOAK else 40, suppress_health_check=list(HealthCheck))
def test_a_bent_form_or_regional_question_is_read_or_refused_with_its_file(
    resources: Path, data: st.DataObject
) -> None:
    path = data.draw(st.sampled_from(sorted((resources / "forms").rglob("*.toml"))))
    with as_it_came(path, data.draw(bent(path.read_bytes()))):
        said = path.name
        try:
            load_form(path, lists(), extra=path.parent.name == "extra")
        except FormError as refused:
            said = str(refused)
    assert path.name in said


@given(data=st.data())
@PLACES
def test_a_bent_list_of_places_is_read_or_refused_by_its_own_error(resources: Path, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sorted((resources / "places").glob("*.csv"))))
    with as_it_came(path, data.draw(bent(path.read_bytes()))):
        places = Places(resources / "places")
        with suppress(CatalogueError):
            places.check()
            places.find_commune("hoà")


@given(st.binary(max_size=300))
@settings(max_examples=10)
def test_a_damaged_list_leaves_the_last_good_one_and_says_so(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes
) -> None:
    folder = tmp_path_factory.mktemp("codes") / "codes"
    shutil.copytree(RESOURCES / "codes", folder)
    (folder / "gender.csv").write_bytes(b"\xff" + junk)
    found, said = load_last_good(folder, RESOURCES / "codes")
    assert found["gender"].codes == lists()["gender"].codes
    assert said is not None
    assert said.count("gender.csv") == 1
