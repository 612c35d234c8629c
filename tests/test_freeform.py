"""The awkward objects are what they say they are, and inside or outside I-JSON as they should."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from virtool_contract import awkward, freeform
from virtool_contract.body import Kind, classify, finalize_body
from virtool_contract.json_values import depth, difference, encode, is_beyond_i_json, parse

CATALOGUE = freeform.catalogue()


def test_no_name_is_used_twice() -> None:
    parts = (awkward.SCALARS, awkward.KEYS, awkward.SHAPES)
    assert len(CATALOGUE) == sum(map(len, parts)) > 80
    assert not set(CATALOGUE) & set(awkward.BEYOND_I_JSON)


def test_no_object_is_there_twice() -> None:
    encoded = [encode(value) for value in CATALOGUE.values()]
    assert len(set(encoded)) == len(encoded)


@pytest.mark.parametrize("value", CATALOGUE.values(), ids=CATALOGUE)
def test_the_catalogue_is_within_i_json_and_acceptable(value: dict[str, Any]) -> None:
    assert not is_beyond_i_json(value)
    body = finalize_body(value)
    assert body.flaw is None
    assert body.kind in {Kind.PLAIN, Kind.AWKWARD, Kind.LARGE}
    assert difference(value, parse(body.raw)["results"], "") is None
    assert parse(body.raw)["results"] == value


@pytest.mark.parametrize(
    "value", awkward.BEYOND_I_JSON.values(), ids=[*map(str, awkward.BEYOND_I_JSON)]
)
def test_what_is_beyond_i_json_is_so(value: dict[str, Any]) -> None:
    assert is_beyond_i_json(value)
    assert finalize_body(value).kind is Kind.BEYOND_I_JSON
    assert parse(encode(value)) == value


def test_a_mebibyte_is_a_byte_short_of_one() -> None:
    body = finalize_body(freeform.one_mebibyte())
    assert len(body.raw) == 1024 * 1024 - 1
    assert body.kind is Kind.LARGE
    assert classify(body.raw.replace(b"ACGT", b"ACGTA", 1)).kind is Kind.LARGE
    assert classify(body.raw.replace(b"ACGT", b"ACGTAA", 1)).kind is Kind.OVER_LIMIT


def test_ten_thousand_keys_are_as_many() -> None:
    assert len(freeform.ten_thousand_keys()) == 10_000
    assert finalize_body(freeform.ten_thousand_keys()).kind is Kind.LARGE


@pytest.mark.parametrize(("levels", "arrays"), [(1, False), (64, False), (15, True)])
def test_nesting_is_as_deep_as_asked(levels: int, *, arrays: bool) -> None:
    expected = 2 * levels - 1 if arrays else levels
    assert depth(awkward.nested(levels, arrays=arrays)) == expected


@settings(
    max_examples=150,
    database=None,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(freeform.awkward())
def test_what_is_drawn_is_within_i_json(value: dict[str, Any]) -> None:
    assert not is_beyond_i_json(value)
    assert parse(finalize_body(value).raw) == {"results": value}


@pytest.mark.parametrize("results", freeform.catalogue().values(), ids=freeform.catalogue())
def test_what_the_catalogue_calls_awkward_is_judged_as_awkward(results: dict[str, Any]) -> None:
    assert finalize_body(results).kind is Kind.AWKWARD
