"""JSON is read strictly, and two values are the same or it is said where they are not."""

import json
import math
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from virtool_contract.json_values import (
    DEEPEST,
    SHOWN,
    Json,
    NotJsonError,
    depth,
    difference,
    encode,
    is_beyond_i_json,
    parse,
    same_instant,
    show,
)


def values(integers: st.SearchStrategy[int]) -> st.SearchStrategy[Any]:
    """JSON values; lone surrogates too, for JSON can escape them."""
    text = st.text(st.characters(exclude_categories=()))
    floats = st.floats(allow_nan=False, allow_infinity=False)
    scalars = st.none() | st.booleans() | integers | floats | text
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
        max_leaves=10,
    )


DOUBLES = values(st.integers(-(2**53), 2**53))


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"\xff", "not UTF-8 at byte 0"),
        (b'{"a": "\xc3"}', "not UTF-8 at byte 7"),
        (b'"\xed\xa0\x80"', "not UTF-8 but for surrogates at byte 1"),
        ("{}".encode("utf-16"), "not UTF-8"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b'{"a": 1, "a": 1}', "the key 'a' is repeated"),
        (b'[{"b": {"a": 1, "\\u0061": 2}}]', "the key 'a' is repeated"),
        (b"NaN", "NaN is not JSON"),
        (b'{"a": [Infinity]}', "Infinity is not JSON"),
        (b"-Infinity", "-Infinity is not JSON"),
        (b"", "Expecting value"),
        (b" ", "Expecting value"),
        (b"{} {}", "Extra data"),
        (b"[1,]", "Expecting value"),
        (b"{'a': 1}", "double quotes"),
        (b'{"a": 1', "delimiter"),
        (b'"a\nb"', "control character"),
        (b'"\\x"', "escape"),
        (b"01", "Extra data"),
        (b"+1", "Expecting value"),
        (b".5", "Expecting value"),
        (b"[" * 100_000, "too deeply"),
        (b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1), "too deeply"),
        (b"9" * 5000, "too many digits"),
    ],
)
def test_what_is_not_strict_json_is_refused(raw: bytes, why: str) -> None:
    with pytest.raises(NotJsonError, match=why):
        parse(raw)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b" 1 ", 1),
        (b"-0", 0),
        (b'"\\ud800"', "\ud800"),
        (b'"\\u0000"', "\0"),
        (b'{"a": 1, "A": 2}', {"a": 1, "A": 2}),
        (b'{"a": {"a": 1}}', {"a": {"a": 1}}),
        ('"\ufeff"'.encode(), "\ufeff"),
        (b"12345678901234567890", 12345678901234567890),
        (b"1e400", math.inf),
    ],
)
def test_what_json_allows_is_read(raw: bytes, value: object) -> None:
    assert parse(raw) == value


def test_nesting_is_read_up_to_the_limit() -> None:
    assert depth(parse(b"[" * DEEPEST + b"]" * DEEPEST)) == DEEPEST


def test_brackets_in_strings_do_not_nest() -> None:
    assert parse(json.dumps("[{" * 1000).encode()) == "[{" * 1000


def test_many_shallow_values_are_not_deep() -> None:
    assert parse(b"[" + b",".join([b"[]"] * 1000) + b"]") == [[]] * 1000


@given(st.binary(max_size=60))
@settings(deadline=None)
def test_any_bytes_are_json_or_refused(raw: bytes) -> None:
    with suppress(NotJsonError):
        assert difference(parse(raw), parse(raw)) is None


@given(values(st.integers()))
@settings(deadline=None)
def test_what_is_encoded_is_read_back_as_it_was(value: Json) -> None:
    assert difference(value, parse(encode(value))) is None


def test_encoding_is_compact_utf_8() -> None:
    assert encode({"é": [1, None]}) == '{"é":[1,null]}'.encode()


def test_a_lone_surrogate_is_encoded_as_an_escape() -> None:
    assert encode({"é": "\ud800"}) == b'{"\\u00e9":"\\ud800"}'


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_json_cannot_hold_is_not_encoded(value: float) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        encode(value)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (1, 1.0),
        (0, -0.0),
        (2**53, float(2**53)),
        ({"a": 1, "b": 2}, {"b": 2.0, "a": 1}),
        ([{"a": None}], [{"a": None}]),
        (None, None),
        (True, True),
        (1e15, 10**15),
    ],
)
def test_the_same_values_do_not_differ(left: object, right: object) -> None:
    assert difference(left, right) is None
    assert difference(right, left) is None


@pytest.mark.parametrize(
    ("left", "right", "said"),
    [
        (True, 1, "/: expected true, got 1"),
        (0, False, "/: expected 0, got false"),
        (None, False, "/: expected null, got false"),
        ("1", 1, '/: expected "1", got 1'),
        ("", None, '/: expected "", got null'),
        ({}, [], "/: expected {}, got []"),
        ([], None, "/: expected [], got null"),
        ("é", "e\u0301", '/: expected "\\u00e9", got "e\\u0301"'),
        ("a", "A", '/: expected "a", got "A"'),
        (1.5e308, 10**400, None),
        ([1, 2], [2, 1], "/0: expected 1, got 2"),
        ([1], [1, 1], "/: expected 1 items, got 2"),
        ({"a": [1, 2]}, {"a": [1]}, "/a: expected 2 items, got 1"),
        ({"a": None}, {}, "/a: expected null, got nothing"),
        ({}, {"a": None}, "/a: expected nothing, got null"),
        ({"a": {"b": [0, {"c": 1}]}}, {"a": {"b": [0, {"c": 2}]}}, "/a/b/1/c: expected 1, got 2"),
        ({"a/b~": 1}, {"a/b~": 2}, "/a~1b~0: expected 1, got 2"),
        ({"": 1}, {"": 2}, "/: expected 1, got 2"),
        ({"a\n": 1}, {}, "/a\\n: expected 1, got nothing"),
    ],
)
def test_the_first_difference_is_told(left: object, right: object, said: str | None) -> None:
    found = difference(left, right)
    assert found is not None
    assert said is None or found == said
    assert difference(right, left) is not None


@pytest.mark.parametrize("text", ["6.02214076e23", "1.7976931348623157e308", "1e22", "-1e300"])
def test_a_float_may_come_back_with_all_its_digits(text: str) -> None:
    written_out = str(int(Decimal(text))).encode()
    assert difference(parse(text.encode()), parse(written_out)) is None


@pytest.mark.parametrize("sent", [2**53 + 1, 10**39 + 7, -(2**63) - 1])
def test_an_integer_may_not_come_back_as_the_nearest_double(sent: int) -> None:
    assert difference(sent, float(sent)) is not None
    assert difference(sent, int(float(sent))) is not None


@given(DOUBLES, DOUBLES)
@settings(deadline=None)
def test_a_difference_does_not_depend_on_the_side(left: Json, right: Json) -> None:
    assert (difference(left, right) is None) == (difference(right, left) is None)


def test_a_long_value_is_cut_in_a_message() -> None:
    assert show("x" * 1000) == '"' + "x" * (SHOWN - 1) + "… (1002 characters)"


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("2017-10-03T21:35:54.813000Z", "2017-10-03T21:35:54.813000Z"),
        ("2017-10-03T21:35:54.813000Z", "2017-10-03T21:35:54.813000+00:00"),
        ("2017-10-03T21:35:54Z", "2017-10-04T03:05:54+05:30"),
        ("2017-10-03T21:35:54Z", "2017-10-03T13:35:54-08:00"),
        ("2018-01-01T00:30:00Z", "2017-12-31T23:30:00-01:00"),
        ("2017-10-03T21:35:54.813Z", "2017-10-03T21:35:54.813999Z"),
        ("2017-10-03T21:35:54Z", "2017-10-03T21:35:54.813Z"),
        ("2017-10-03T21:35:54.813000Z", "2017-10-03T21:35:54.813000000Z"),
        ("2017-10-03t21:35:54z", "2017-10-03T21:35:54Z"),
        ("yesterday", "yesterday"),
    ],
)
def test_another_spelling_of_an_instant_is_the_same(left: str, right: str) -> None:
    assert same_instant(left, right)
    assert same_instant(right, left)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("2017-10-03T21:35:54Z", "2017-10-03T21:35:55Z"),
        ("2017-10-03T21:35:54.813Z", "2017-10-03T21:35:54.814Z"),
        ("2017-10-03T21:35:54.8Z", "2017-10-03T21:35:54.08Z"),
        ("2017-10-03T21:35:54Z", "2017-10-03T21:35:54+01:00"),
        ("2017-10-03T21:35:54Z", "2017-10-04T21:35:54Z"),
        ("2017-10-03T21:35:54Z", "2017-10-03T21:35:54"),
        ("2017-10-03T21:35:54Z", "2017-10-03"),
        ("2017-10-03T21:35:54Z", ""),
        ("2017-02-30T00:00:00Z", "2017-03-02T00:00:00Z"),
        ("2017-10-03T21:35:54Z", "\uff12017-10-03T21:35:54Z"),
        ("today", "yesterday"),
    ],
)
def test_another_instant_is_another(left: str, right: str) -> None:
    assert not same_instant(left, right)
    assert not same_instant(right, left)


@pytest.mark.parametrize(
    ("value", "deep"),
    [(1, 0), ("[[", 0), ({}, 1), ([], 1), ([1], 1), ({"a": {}}, 2), ([{"a": [[1]]}, []], 4)],
)
def test_depth_counts_objects_and_arrays(value: object, deep: int) -> None:
    assert depth(value) == deep


@pytest.mark.parametrize(
    ("value", "beyond"),
    [
        (2**53 - 1, False),
        (2**53, True),
        (-(2**53) + 1, False),
        (-(2**53), True),
        (True, False),
        (None, False),
        (1.7976931348623157e308, False),
        (math.inf, True),
        (-math.inf, True),
        ("a\x01b", False),
        ("a\0b", True),
        ("\ud7ff\ue000", False),
        ("\U0001f33f", False),
        ("\ud800", True),
        ("a\udfff", True),
        ("\ufffe", True),
        ("a\uffff", True),
        ("\ufdd0", True),
        ("\ufdef", True),
        ("\ufdf0\ufdcf\ufffd", False),
        ("\U0010ffff", True),
        ("\U0001fffd", False),
        ({"a": [{"b": 2**53}]}, True),
        ({"a": [{"b": 2**53 - 1}]}, False),
        ({"\0": 1}, True),
        ([{"a": {"\udfff": 1}}], True),
        ([], False),
    ],
)
def test_what_i_json_cannot_carry_is_recognized(value: object, *, beyond: bool) -> None:
    assert is_beyond_i_json(value) is beyond
