"""Bodies of a finalize: what a body is, and what that lets a server do with it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from virtool_contract.json_values import (
    Json,
    NotJsonError,
    depth,
    encode,
    is_beyond_i_json,
    parse,
)

MIB = 1024 * 1024
LARGE = 64 * 1024
"""From here on a body that is refused is a matter of its size (clause finalize.size)."""


class Flaw(StrEnum):
    """Why a body is invalid."""

    NO_RESULTS = "no-results"
    RESULTS_NOT_OBJECT = "results-not-object"
    NOT_JSON = "not-json"


class Kind(StrEnum):
    """What is special about a valid body; the judge blames the clause that is about it."""

    PLAIN = "plain"
    AWKWARD = "awkward"
    LARGE = "large"
    EXTRA_MEMBERS = "extra-members"
    BEYOND_I_JSON = "beyond-i-json"
    OVER_LIMIT = "over-limit"
    UNCLEAR = "unclear"


REFUSABLE = frozenset({Kind.EXTRA_MEMBERS, Kind.BEYOND_I_JSON, Kind.OVER_LIMIT, Kind.UNCLEAR})
"""Bodies that a correct server may take or refuse with a 4xx (decisions extra-members, freeform,
body-size): the contract leaves it to the server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A body with its classification; `results` is None where there is a flaw."""

    raw: bytes
    media_type: str = "application/json"
    flaw: Flaw | None = None
    kind: Kind = Kind.PLAIN
    results: Json = None


def finalize_body(results: Json, **beside: Json) -> Body:
    """A body with those results, and with other members beside them."""
    return classify(encode({"results": results, **beside}))


def classify(raw: bytes, media_type: str = "application/json") -> Body:
    """Say what a body is; pure, so that recorded traffic is judged by the same rule.

    Well-formed JSON under another media type, and JSON that only a lenient reader takes (repeated
    keys, NaN, a byte order mark, surrogates), is `unclear`: the page does not say what becomes of
    it.
    """
    try:
        value = parse(raw)
    except NotJsonError as error:
        lenient = any(
            word in str(error)
            for word in ("repeated", "is not JSON", "byte order", "too", "surrogates")
        )
        if lenient:
            return Body(raw=raw, media_type=media_type, kind=Kind.UNCLEAR)
        return Body(raw=raw, media_type=media_type, flaw=Flaw.NOT_JSON)
    flaw = _flaw(value)
    if media_type.partition(";")[0].strip().lower() != "application/json":
        return Body(raw=raw, media_type=media_type, flaw=flaw, kind=Kind.UNCLEAR)
    if flaw:
        return Body(raw=raw, media_type=media_type, flaw=flaw)
    results = value["results"]
    return Body(raw=raw, media_type=media_type, kind=_kind(raw, value), results=results)


def with_members(raw: bytes, members: Mapping[str, Json]) -> bytes:
    """A body with members put in front; one that is no JSON object, or has a name already, stays.

    The rest of its bytes are as they were, so that awkward spellings go out as they are.
    """
    if not members:
        return raw
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return raw
    if not isinstance(value, dict):
        return raw
    added = {name: member for name, member in members.items() if name not in value}
    inner = encode(added)[1:-1]
    before, brace, after = raw.partition(b"{")
    comma = b"," if inner and value else b""
    return before + brace + inner + comma + after


def _flaw(value: Json) -> Flaw | None:
    if not isinstance(value, dict):
        return Flaw.NOT_JSON
    if "results" not in value:
        return Flaw.NO_RESULTS
    return None if isinstance(value["results"], dict) else Flaw.RESULTS_NOT_OBJECT


def _kind(raw: bytes, value: dict[str, Json]) -> Kind:
    if len(raw) > MIB:
        return Kind.OVER_LIMIT
    if is_beyond_i_json(value):
        return Kind.BEYOND_I_JSON
    if len(value) > 1:
        return Kind.EXTRA_MEMBERS
    if len(raw) > LARGE:
        return Kind.LARGE
    return Kind.PLAIN if is_plain(value["results"]) else Kind.AWKWARD


def is_plain(results: Json) -> bool:
    """Whether results are so tame that no server stumbles over their content.

    Not empty, two levels at most, nothing empty or single inside; short lower-case words, and
    integers from 2 to a million. A failure on such results is about finalizing as such, not about
    freeform.
    """
    if not results or depth(results) > 2:
        return False
    inner = [item for item in results.values() if isinstance(item, dict | list)]
    return all(len(item) > 1 for item in inner) and all(map(_tame, _leaves(results)))


def _leaves(value: Json) -> list[Json]:
    if isinstance(value, dict):
        return [leaf for key, item in value.items() for leaf in (key, *_leaves(item))]
    if isinstance(value, list):
        return [leaf for item in value for leaf in _leaves(item)]
    return [value]


UNTAMED = frozenset(
    {
        *("id", "ready", "results", "job", "files", "workflow", "sample", "index", "user"),
        *("subtractions", "constructor", "true", "false", "null"),
        *("yes", "no", "on", "off", "none", "nil", "nan", "undefined"),
    }
)
"""Words that mean something to some server."""


def _tame(leaf: Json) -> bool:
    if isinstance(leaf, str):
        word = leaf.isascii() and leaf.isalpha() and leaf.islower()
        return word and len(leaf) <= 32 and leaf not in UNTAMED
    return isinstance(leaf, int) and not isinstance(leaf, bool) and 2 <= leaf < 10**6
