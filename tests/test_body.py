"""A body is what it is: valid, invalid for one reason, or left to the server."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from virtool_contract.body import (
    LARGE,
    MIB,
    REFUSABLE,
    Flaw,
    Kind,
    classify,
    finalize_body,
    is_plain,
    with_members,
)
from virtool_contract.json_values import Json


def of_size(size: int) -> bytes:
    frame = len(b'{"results":{"a":""}}')
    return b'{"results":{"a":"' + b"x" * (size - frame) + b'"}}'


@pytest.mark.parametrize(
    ("raw", "flaw"),
    [
        (b"", Flaw.NOT_JSON),
        (b"{", Flaw.NOT_JSON),
        (b'{"results": {}} x', Flaw.NOT_JSON),
        (b"results=foo", Flaw.NOT_JSON),
        (b'{"results": {"a": "\xff"}}', Flaw.NOT_JSON),
        (b"[]", Flaw.NOT_JSON),
        (b'[{"results": {}}]', Flaw.NOT_JSON),
        (b"null", Flaw.NOT_JSON),
        (b'"results"', Flaw.NOT_JSON),
        (b"{}", Flaw.NO_RESULTS),
        (b'{"Results": {}}', Flaw.NO_RESULTS),
        (b'{"result": {}, "ready": true}', Flaw.NO_RESULTS),
        (b'{"results": null}', Flaw.RESULTS_NOT_OBJECT),
        (b'{"results": []}', Flaw.RESULTS_NOT_OBJECT),
        (b'{"results": "{}"}', Flaw.RESULTS_NOT_OBJECT),
        (b'{"results": 0, "ready": true}', Flaw.RESULTS_NOT_OBJECT),
        (b'{"results": false}', Flaw.RESULTS_NOT_OBJECT),
    ],
)
def test_an_invalid_body_has_its_flaw_and_no_results(raw: bytes, flaw: Flaw) -> None:
    body = classify(raw)
    assert (body.flaw, body.kind, body.results) == (flaw, Kind.PLAIN, None)
    assert body.raw == raw


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b'{"results": {"foo": "bar"}}', Kind.PLAIN),
        (b'{"results": {"hits": [2, 3]}}', Kind.PLAIN),
        (b'{"results": {}}', Kind.AWKWARD),
        (b'{"results": {"foo": null}}', Kind.AWKWARD),
        (b'{"results": {"foo": 1}, "x": 1}', Kind.EXTRA_MEMBERS),
        (b'{"results": {}, "ready": true}', Kind.EXTRA_MEMBERS),
        (b'{"results": {"a": 9007199254740992}}', Kind.BEYOND_I_JSON),
        (b'{"results": {"a": 9007199254740991}}', Kind.AWKWARD),
        (b'{"results": {"a": "\\u0000"}}', Kind.BEYOND_I_JSON),
        (b'{"results": {"a": "\\ud800"}}', Kind.BEYOND_I_JSON),
        (b'{"results": {}, "x": "\\u0000"}', Kind.BEYOND_I_JSON),
        (of_size(LARGE), Kind.AWKWARD),
        (of_size(LARGE + 1), Kind.LARGE),
        (of_size(MIB), Kind.LARGE),
        (of_size(MIB + 1), Kind.OVER_LIMIT),
    ],
    ids=range(15),
)
def test_a_valid_body_has_its_kind_and_its_results(raw: bytes, kind: Kind) -> None:
    body = classify(raw)
    assert (body.flaw, body.kind) == (None, kind)
    assert body.results == json.loads(raw)["results"]


@pytest.mark.parametrize(
    "raw",
    [
        b'{"results": {"a": 1}, "results": {"a": 2}}',
        b'{"results": {"a": 1, "a": 2}}',
        b'{"results": {"a": NaN}}',
        b'{"results": {"a": -Infinity}}',
        b'\xef\xbb\xbf{"results": {}}',
        b'{"results": {"foo": "\xed\xa0\xbd\xed\xb8\x80"}}',
        b'{"results": {"a": ' + b"[" * 1000 + b"]" * 1000 + b"}}",
        b'{"results": {"a": ' + b'{"a": ' * 500 + b"1" + b"}" * 500 + b"}}",
        b'{"results": {"a": ' + b"1" * 5000 + b"}}",
    ],
    ids=[
        *("twins", "twins inside", "NaN", "Infinity", "BOM", "surrogates in UTF-8"),
        *("deep", "deep objects", "digits"),
    ],
)
def test_what_only_some_readers_take_is_left_to_the_server(raw: bytes) -> None:
    body = classify(raw)
    assert (body.flaw, body.kind, body.results) == (None, Kind.UNCLEAR, None)


@pytest.mark.parametrize(
    ("raw", "flaw"),
    [(b'{"results": {}}', None), (b"{}", Flaw.NO_RESULTS), (b"x", Flaw.NOT_JSON)],
)
def test_another_media_type_makes_a_body_unclear_but_never_valid(
    raw: bytes, flaw: Flaw | None
) -> None:
    body = classify(raw, "text/plain")
    assert body.flaw is flaw
    assert body.media_type == "text/plain"
    assert flaw is Flaw.NOT_JSON or body.kind is Kind.UNCLEAR


@pytest.mark.parametrize(
    ("results", "plain"),
    [
        ({"foo": "bar"}, True),
        ({"foo": 2}, True),
        ({"foo": [2, "bar"]}, True),
        ({"foo": 999_999}, True),
        ({"foo": 10**6}, False),
        ({"foo": [2]}, False),
        ({"foo": []}, False),
        ({}, False),
        ({"foo": 1}, False),
        ({"foo": 0}, False),
        ({"foo": -2}, False),
        ({"foo": 2.5}, False),
        ({"foo": True}, False),
        ({"foo": None}, False),
        ({"foo": ""}, False),
        ({"foo": "Bar"}, False),
        ({"foo": "two words"}, False),
        ({"foo": "é"}, False),
        ({"foo": "x" * 33}, False),
        ({"foo": "true"}, False),
        ({"id": "bar"}, False),
        ({"ready": 2}, False),
        ({"a.b": 2}, False),
        ({"foo": {"foo": ["bar"]}}, False),
    ],
)
def test_plain_results_are_those_no_server_stumbles_over(results: Json, *, plain: bool) -> None:
    assert is_plain(results) is plain


def test_a_finalize_body_carries_results_and_what_is_beside_them() -> None:
    body = finalize_body({"foo": "bar"}, ready=False)
    assert json.loads(body.raw) == {"results": {"foo": "bar"}, "ready": False}
    assert body.kind is Kind.EXTRA_MEMBERS


def test_only_what_the_contract_leaves_open_may_be_refused() -> None:
    assert {Kind.PLAIN, Kind.AWKWARD, Kind.LARGE}.isdisjoint(REFUSABLE)
    assert {Kind.EXTRA_MEMBERS, Kind.BEYOND_I_JSON, Kind.OVER_LIMIT, Kind.UNCLEAR} == REFUSABLE


@given(
    st.one_of(
        st.binary(max_size=40),
        st.text(alphabet='{}[]":,results01eNa\\ \n', max_size=60).map(str.encode),
        st.binary(max_size=20).map(lambda inner: b'{"results":{"a":' + inner + b"}}"),
    )
)
@settings(deadline=None, max_examples=300)
def test_classification_never_fails_and_is_of_one_mind(raw: bytes) -> None:
    body = classify(raw)
    assert body.raw == raw
    if body.flaw:
        assert body.results is None
    elif body.kind is not Kind.UNCLEAR:
        assert isinstance(json.loads(raw)["results"], dict)


@given(st.integers(0, 3000), st.sampled_from([(b"[", b"]"), (b'{"a":', b"}")]))
@settings(deadline=None, max_examples=40)
def test_no_nesting_is_too_deep_to_classify(levels: int, pair: tuple[bytes, bytes]) -> None:
    opening, closing = pair
    raw = b'{"results":{"a":' + opening * levels + b"1" + closing * levels + b"}}"
    # `{"a":}` needs its value, `[1]` has it: both are well-formed at every depth.
    assert classify(raw).flaw is None


@pytest.mark.parametrize(
    ("raw", "sent"),
    [
        (b'{"results": {}}', b'{"files":[],"results": {}}'),
        (b" {}", b' {"files":[]}'),
        (b'{"files": 1, "results": {}}', b'{"files": 1, "results": {}}'),
        (b'{"results": {"a": 1.50}}', b'{"files":[],"results": {"a": 1.50}}'),
        (b"[]", b"[]"),
        (b'{"results": {}', b'{"results": {}'),
        (b"\xff{}", b"\xff{}"),
        (b"", b""),
    ],
)
def test_members_are_put_into_objects_and_the_rest_stays(raw: bytes, sent: bytes) -> None:
    assert with_members(raw, {"files": []}) == sent
    assert with_members(raw, {}) == raw
