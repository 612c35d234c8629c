"""The catalogue of wrong servers: sane, and each of them shows."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from virtool_contract.reference import faults
from virtool_contract.reference.faults import late
from virtool_contract.reference.faults.base import Fault
from virtool_contract.reference.service import Service
from virtool_contract.reference.variants import UnknownVariantError

CATALOGUE = faults.catalogue()
CLAUSES = {
    "access.credentials",
    "access.no-leak",
    "errors.message",
    "errors.media-type",
    "errors.no-server-error",
    "isolation",
    "media-type",
    "json.well-formed",
    "documented-status",
    "get.document",
    "get.identity",
    "get.own-only",
    "get.analysis-jobs-only",
    "get.absent",
    "get.safe",
    "get.files",
    "get.results-when-ready",
    "finalize.answer",
    "finalize.ready",
    "finalize.results",
    "finalize.freeform",
    "finalize.beyond-i-json",
    "finalize.size",
    "finalize.changes-nothing-else",
    "finalize.results-required",
    "finalize.results-object",
    "finalize.body-json",
    "finalize.extra-members",
    "finalize.once",
    "finalize.keeps-first-results",
    "finalize.absent",
    "finalize.own-only",
    "finalize.forbidden",
    "finalize.atomic",
    "remove.pending",
    "remove.no-content",
    "remove.gone",
    "remove.absent",
    "remove.finalized-stays",
    "remove.own-only",
    "remove.forbidden",
    "remove.atomic",
    "remove.harmless",
}
CATEGORIES = {
    "response shape",
    "response type",
    "response value",
    "status codes",
    "error bodies",
    "persistence",
    "fidelity",
    "validation",
    "mass assignment",
    "access",
    "sequences",
    "cross-talk",
    "identity",
    "intermittent",
    "concurrency",
    "wire",
}


@pytest.fixture(scope="module")
def reference_log(tour: Callable[[type[Service]], list[Any]]) -> list[Any]:
    return tour(Service)


def test_there_are_many_in_every_category() -> None:
    assert len(CATALOGUE) >= 90
    assert {fault.category for fault in CATALOGUE.values()} == CATEGORIES


def test_a_third_takes_a_sequence_a_value_or_a_race() -> None:
    hidden = [fault for fault in CATALOGUE.values() if fault.reach != "any request"]
    assert len(hidden) * 3 >= len(CATALOGUE)


@pytest.fixture(autouse=True)
def _nothing_takes_time_to_be_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(late, "FORGOTTEN_AFTER", -1.0)


def test_every_clause_has_a_fault_and_no_other_clause_is_named() -> None:
    assert {clause for fault in CATALOGUE.values() for clause in fault.breaks} == CLAUSES


@pytest.mark.parametrize("name", CATALOGUE)
def test_each_says_what_it_is(name: str) -> None:
    fault = CATALOGUE[name]
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
    assert (fault.__doc__ or "").endswith(".")
    assert 1 <= len(fault.breaks) <= 2
    assert fault.reach in {"any request", "a sequence", "a value", "a race"}


def test_docstrings_are_unique() -> None:
    assert len({fault.__doc__ for fault in CATALOGUE.values()}) == len(CATALOGUE)


def test_none_builds_on_another() -> None:
    catalogued = set(CATALOGUE.values())
    assert not [f for f in catalogued if catalogued & set(f.__mro__[1:])]


def test_the_reference_always_says_the_same(
    reference_log: list[Any], tour: Callable[[type[Service]], list[Any]]
) -> None:
    assert tour(Service) == reference_log


@pytest.mark.parametrize("name", CATALOGUE)
def test_each_shows_and_lets_a_suite_begin(
    name: str, reference_log: list[Any], tour: Callable[[type[Service]], list[Any]]
) -> None:
    log = tour(faults.compose([name]))
    status, _, first_read, _ = log[0][0]
    assert log != reference_log
    assert status == 200
    assert isinstance(json.loads(first_read), dict)


@pytest.mark.parametrize("name", [n for n, f in CATALOGUE.items() if f.reach == "a race"])
def test_races_show_only_in_races(
    name: str, reference_log: list[Any], tour: Callable[[type[Service]], list[Any]]
) -> None:
    stories, races = tour(faults.compose([name]))
    assert stories == reference_log[0]
    assert races != reference_log[1]


def test_no_names_make_the_reference() -> None:
    assert faults.compose([]) is Service


def test_two_combine() -> None:
    both = faults.compose(["user-missing", "finalize-is-201", "user-missing"])
    assert {Fault, *(CATALOGUE[n] for n in ("user-missing", "finalize-is-201"))} < set(both.__mro__)


def test_all_combine() -> None:
    assert issubclass(faults.compose(CATALOGUE), Fault)


def test_an_unknown_name_lists_near_ones() -> None:
    with pytest.raises(UnknownVariantError, match=r"no fault named 'user-mising'.*user-missing"):
        faults.compose(["user-mising"])


def test_a_name_like_no_other_is_unknown_all_the_same() -> None:
    with pytest.raises(ValueError, match=r"^there is no fault named 'qqqq'$"):
        faults.compose(["qqqq"])
