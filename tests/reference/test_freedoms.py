"""The catalogue of servers that are right in another way."""

from collections.abc import Callable
from typing import Any

import pytest

from virtool_contract.reference import faults, freedoms
from virtool_contract.reference.service import Service
from virtool_contract.reference.variants import UnknownVariantError

CATALOGUE = freedoms.catalogue()
TIMING = {"slow", "jittery"}
QUIET = sorted(CATALOGUE.keys() - TIMING)


@pytest.fixture(scope="module")
def reference_log(tour: Callable[[type[Service]], list[Any]]) -> list[Any]:
    return tour(Service)


def test_there_are_many() -> None:
    assert len(CATALOGUE) >= 30


def test_no_name_is_also_a_fault() -> None:
    assert not CATALOGUE.keys() & faults.catalogue().keys()


def test_each_has_a_docstring_of_its_own() -> None:
    assert len({freedom.__doc__ for freedom in CATALOGUE.values()}) == len(CATALOGUE)


@pytest.mark.parametrize("name", QUIET)
def test_each_shows(
    name: str, reference_log: list[Any], tour: Callable[[type[Service]], list[Any]]
) -> None:
    assert tour(freedoms.compose([name])) != reference_log


@pytest.mark.parametrize("name", sorted(TIMING))
def test_the_slow_ones_wait(name: str) -> None:
    assert CATALOGUE[name].pause is not Service.pause


def test_an_unknown_name_lists_near_ones() -> None:
    with pytest.raises(UnknownVariantError, match=r"no freedom named 'gziped'.*gzipped"):
        freedoms.compose(["gziped"])
