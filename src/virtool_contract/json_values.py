"""JSON as the contract means it: strict reading, exact comparison, and where two values differ."""

import json
import math
import re
from datetime import date
from functools import lru_cache
from typing import Any, NoReturn

Json = Any
"""None, bool, int, float, str, list of Json, or dict of str to Json."""

DEEPEST = 200
"""How deep a text may nest to be read; whoever walks a value may use recursion (RFC 8259, 9)."""

SHORT = 16 * 1024
"""How many bytes a text may have to be remembered (see `parse_once`)."""

SHOWN = 80
"""How many characters of a value a message shows."""


class NotJsonError(ValueError):
    """Bytes that are not one well-formed JSON text."""


def parse(raw: bytes) -> Json:
    """Read one JSON text strictly.

    Raises:
        NotJsonError: not UTF-8, a byte order mark, a syntax error, a repeated key, NaN or
            Infinity, or nesting or digits beyond what this process reads (RFC 8259).
    """
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        surrogates = " but for surrogates" if _has_surrogates(raw) else ""
        raise NotJsonError(f"not UTF-8{surrogates} at byte {error.start}") from None
    if text.startswith("\ufeff"):
        raise NotJsonError("a byte order mark stands before the text")
    try:
        value: Json = DECODER.decode(text)
    except RecursionError:
        raise NotJsonError("nested too deeply to read") from None
    except (NotJsonError, json.JSONDecodeError) as error:
        raise NotJsonError(str(error)) from None
    except ValueError:  # Python reads no integer of more than 4300 digits
        raise NotJsonError("a number has too many digits to read") from None
    if text.count("[") + text.count("{") > DEEPEST and _is_deep(value):
        raise NotJsonError("nested too deeply to read")
    return value


def parse_once(raw: bytes) -> Json:
    """Read as `parse` does, but give what came of the same text a moment ago: not to be changed.

    Targets say the same again and again: half of all documents have just been read.
    """
    return _remembered(raw) if len(raw) <= SHORT else parse(raw)


_remembered = lru_cache(maxsize=16)(parse)


def _has_surrogates(raw: bytes) -> bool:
    """Whether bytes would be UTF-8 if that had surrogates; Python's json reads even those."""
    try:
        raw.decode(errors="surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def _is_deep(value: Json) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        inside = (node.values() if isinstance(node, dict) else node for node in level)
        level = [child for row in inside for child in row if isinstance(child, dict | list)]
        if not level:
            return False
    return True


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) != len(pairs):
        keys = [key for key, _ in pairs]
        repeated = next(key for key in keys if keys.count(key) > 1)
        raise NotJsonError(f"the key {repeated!a} is repeated")
    return members


def _constant(name: str) -> NoReturn:
    raise NotJsonError(f"{name} is not JSON")


DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant)
COMPACT = (",", ":")
IN_UNICODE = json.JSONEncoder(ensure_ascii=False, separators=COMPACT, allow_nan=False)
IN_ASCII = json.JSONEncoder(separators=COMPACT, allow_nan=False)


def encode(value: Json) -> bytes:
    """Write a value compactly in UTF-8; lone surrogates, which UTF-8 cannot hold, are escaped."""
    try:
        return IN_UNICODE.encode(value).encode()
    except UnicodeEncodeError:
        return IN_ASCII.encode(value).encode()


def show(value: Json) -> str:
    """A value for a message: JSON in ASCII, cut after `SHOWN` characters."""
    text = json.dumps(value, default=repr)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}… ({len(text)} characters)"


def difference(expected: Json, actual: Json, pointer: str = "") -> str | None:
    """Say where two JSON values first differ, as "/pointer: expected X, got Y"; None if nowhere.

    Numbers are compared as numbers (1 equals 1.0), but true is not 1; keys have no order.
    """
    if repr(expected) == repr(actual):
        return None  # as nearly always; C is quick to tell
    return _difference(expected, actual, pointer)


def _difference(expected: Json, actual: Json, pointer: str) -> str | None:
    """As `difference`. An explicit stack would read worse; the parser of JSON recurses as deep."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        return _object_difference(expected, actual, pointer)
    if isinstance(expected, list) and isinstance(actual, list):
        return _array_difference(expected, actual, pointer)
    if same_scalar(expected, actual):
        return None
    return f"{pointer or '/'}: expected {show(expected)}, got {show(actual)}"


def _object_difference(expected: dict[str, Json], actual: dict[str, Json], at: str) -> str | None:
    for key, value in expected.items():
        here = f"{at}/{_escape(key)}"
        if key not in actual:
            return f"{here}: expected {show(value)}, got nothing"
        if found := _difference(value, actual[key], here):
            return found
    extra = next((key for key in actual if key not in expected), None)
    if extra is not None:
        return f"{at}/{_escape(extra)}: expected nothing, got {show(actual[extra])}"
    return None


def _array_difference(expected: list[Json], actual: list[Json], at: str) -> str | None:
    for index, (left, right) in enumerate(zip(expected, actual, strict=False)):
        if found := _difference(left, right, f"{at}/{index}"):
            return found
    if len(expected) != len(actual):
        return f"{at or '/'}: expected {len(expected)} items, got {len(actual)}"
    return None


def same_scalar(left: Json, right: Json) -> bool:
    """Whether two values that are not both objects or both arrays are the same JSON value.

    A float of `left` may come back as an integer with all its digits, as PostgreSQL's jsonb writes
    6.02e23; the two are the same double. An integer must come back exactly.
    """
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, float) and isinstance(right, int):
        try:
            right = float(right)
        except OverflowError:
            return False
    numbers = isinstance(left, int | float) and isinstance(right, int | float)
    return (numbers or type(left) is type(right)) and bool(left == right)


def _escape(key: str) -> str:
    """A key in a JSON pointer (RFC 6901), printable."""
    if key.isascii() and key.isidentifier():
        return key  # as most are
    return json.dumps(key)[1:-1].replace("~", "~0").replace("/", "~1")


INSTANT = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)


def same_instant(left: str, right: str) -> bool:
    """Whether two RFC 3339 date-times name one instant, to the coarser one's precision."""
    return left == right or _close(_instant(left), _instant(right))


def _instant(text: str) -> tuple[int, str] | None:
    matched = INSTANT.fullmatch(text)
    if not matched:
        return None
    day, hour, minute, second, fraction, offset = matched.groups()
    try:
        days = date.fromisoformat(day).toordinal()
    except ValueError:
        return None
    shift = 0
    if offset not in "Zz":
        shift = (int(offset[1:3]) * 60 + int(offset[4:6])) * (-60 if offset[0] == "-" else 60)
    return days * 86400 + int(hour) * 3600 + int(minute) * 60 + int(second) - shift, fraction or ""


def _close(left: tuple[int, str] | None, right: tuple[int, str] | None) -> bool:
    """Whether two instants differ by less than a unit of the coarser one, cut or rounded."""
    if left is None or right is None:
        return False
    digits = min(len(left[1]), len(right[1]))
    finest = max(len(left[1]), len(right[1]))
    ticks = [second * 10**finest + int(f"{part or 0:0<{finest}}") for second, part in (left, right)]
    unit: int = 10 ** (finest - digits)
    return bool(ticks[0] == ticks[1] or abs(ticks[0] - ticks[1]) < unit)


def depth(value: Json) -> int:
    """How deep a value nests: 0 for a scalar, 1 for an empty object or array."""
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth, value), default=0)
    return 0


def is_beyond_i_json(value: Json) -> bool:
    """Whether a value leaves the range of I-JSON (RFC 7493, sections 2.1 and 2.2), or has a NUL.

    That is: an integer past 2^53 - 1, a number that is no finite double, a lone surrogate, a
    noncharacter.
    """
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            pending += item
            pending += item.values()
        elif isinstance(item, list):
            pending += item
        elif isinstance(item, str):
            # Nearly all text is ASCII, which is quicker told than searched.
            if "\0" in item if item.isascii() else BEYOND.search(item):
                return True
        elif isinstance(item, float):
            if not math.isfinite(item):
                return True
        elif isinstance(item, int) and abs(item) > 2**53 - 1:
            return True
    return False


_LAST_TWO = "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
BEYOND = re.compile(f"[\0\ud800-\udfff\ufdd0-\ufdef{_LAST_TWO}]")
"""A NUL, a surrogate or a noncharacter (Unicode, section 23.7)."""
