"""Awkward results: objects that some server has changed, dropped or stumbled over, by name."""

from collections.abc import Mapping
from typing import Final

from virtool_contract.json_values import Json
from virtool_contract.lookalikes import CHARACTERS, NAMES, NUMBERS, TEXTS

OWN_NAMES: Final = (
    *("id", "ready", "results", "job", "created_at", "files", "_id", "workflow", "sample"),
    *("index", "user", "subtractions"),
)

SCALARS: Final[Mapping[str, Json]] = {
    "null": None,
    "true": True,
    "false": False,
    "zero": 0,
    "one": 1,
    "minus one": -1,
    "2^31 - 1": 2**31 - 1,
    "2^31": 2**31,
    "-2^31": -(2**31),
    "-2^31 - 1": -(2**31) - 1,
    "2^32": 2**32,
    "2^53 - 1": 2**53 - 1,
    "-2^53 + 1": -(2**53) + 1,
    "a tenth": 0.1,
    "a float with 17 digits": 0.30000000000000004,
    "a third": 1 / 3,
    "pi": 3.141592653589793,
    "a whole float": 1.0,
    "a float past single precision": 16777217.0,
    "the largest double": 1.7976931348623157e308,
    "the smallest normal double": 2.2250738585072014e-308,
    "an exponent": 6.02214076e23,
    "a small exponent": 1e-7,
    "negative zero": -0.0,
    "an empty string": "",
    "a blank": " ",
    "leading and trailing blanks": "  padded\t",
    "trailing line feed": "line\n",
    "carriage returns": "a\r\nb\rc",
    "controls": "".join(map(chr, (*range(1, 32), *range(127, 160)))),
    "accents composed": "caf\u00e9",
    "accents decomposed": "cafe\u0301",
    "an astral character": "\U0001f33f",
    "a family of emoji, and a heart": "\U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f",
    "a flag spelled in tags, private use": "\U0001f3f4\U000e0067\U000e0062\U000e007f \ue000",
    "right to left": "\u05e9\u05dc\u05d5\u05dd \u202etxet\u202c",
    "zero width": "\ufeffa\u200bb\ufeffc",
    "blanks of other widths": "\u00a012\u00a0345\u202f%\u2003x\u3000y\u3000",
    "a soft hyphen": "co\u00adop",
    "compatibility characters": "\ufb01 \u00bd \u2460 \uff21 \u212b \u212a",
    "typographic quotes": "\u201cx\u201d \u2019 \u2014 \u2026",
    "line separators": "\u2028\u2029",
    "replacement character": "\ufffd",
    "quotes and backslashes": "\"'`\\ \\u0041 \\n it''s",
    "markup": "<script>alert('x')</script>&amp;",
    "an SQL quote": "'; DROP TABLE analyses; --",
    "a percent": "%s %(x)s %00 %% {} {0} {{x}} $1 $HOME ${x}",
    "looks like a number": "007",
    "looks like a float": "1.0",
    "looks like an exponent": "1e3",
    "looks like a date": "2017-10-03T21:35:54.813000Z",
    "looks like an object id": "507f1f77bcf86cd799439011",
    "looks like true": "true",
    "looks like null": "null",
    "looks like JSON": '{"a":[1]}',
    "looks like None": "None",
    "looks like no": "no",
    "looks like a time": "12:30:45",
    "looks like hexadecimal": "0x1F",
    "looks percent-encoded": "a+b%20c",
    "looks like NaN": "NaN",
    "looks like infinity": "-Infinity",
    "upper and lower case": "aA\u00df\u1e9e\u0131\u0130",
    "a long string": "ACGT" * 1024,
    "a slash": "a/b/../c",
}
"""Scalars that some server somewhere has changed, dropped or stumbled over."""

KEYS: Final[Mapping[str, str]] = {
    "an empty key": "",
    "a dotted key": "a.b.c",
    "a key led by a dollar": "$set",
    "a key led by an underscore": "_private",
    "a key that is __proto__": "__proto__",
    "a key that is constructor": "constructor",
    "a key that is __class__": "__class__",
    "a key with a blank": " key ",
    "a numeric key": "0",
    "an astral key": "\U0001f33f",
    "a key with accents": "\u00e9",
    "a key with quotes": "\"'",
    "a key with a slash": "a/b~1c~0d",
    "a key with a bracket": "a[0]",
    "a key with a line feed": "a\nb",
    "a very long key": "k" * 2000,
    "a camel-case key": "readCount",
    "an upper-case key": "KEY",
    "a kebab-case key": "read-count",
    **{f"the document's own {name}": name for name in OWN_NAMES},
}
"""Keys that some server somewhere has taken for something else."""


def nested(depth: int, *, arrays: bool = False) -> Json:
    """An object that nests that deep."""
    value: Json = {"end": 1}
    for _ in range(depth - 1):
        value = {"a": [value]} if arrays else {"a": value}
    return value


SHAPES: Final[Mapping[str, dict[str, Json]]] = {
    "an empty object": {},
    "an empty object inside": {"a": {}},
    "an empty array inside": {"a": []},
    "empty ones deep inside": {"a": [{}, [], [[]], {"b": {}}]},
    "null beside nothing": {"a": None, "b": [None], "c": {"d": None}},
    "false beside zero": {"a": [False, 0, 0.0, "", None, [], {}], "b": [True, 1, "1", "true"]},
    "order in an array": {"a": [3, 1, 2, 3, 1, "b", "a"]},
    "extended JSON": {
        "a": {"$oid": "507f1f77bcf86cd799439011"},
        "b": {"$date": "2017-10-03T21:35:54Z"},
        "c": {"$numberLong": "5"},
        "d": {"$ref": "#/a"},
    },
    "texts that are read into": {
        "dates": ["2026-01-31", "31/01/2026", "2026-01", "PT5M"],
        "genes": ["MARCH1", "SEPT2", "DEC1", "2-Sep"],
        "missing": ["undefined", "NA", "N/A", "Infinity", "#N/A", "nil", "-"],
        "truths": ["True", "yes", "on", "Y", "T", "F"],
        "numbers": ["-5", "1_000", "50%", "3j", "1/2", "+1 555 0100", "4111111111111111"],
        "addresses": ["Ada@Example.ORG", "HTTP://Example.ORG", "127.000.000.001"],
        "identifiers": ["6F9619FF-8B86-D011-B42D-00C04FC964FF", "acgt", "urn:x"],
        "code": ["/* a */ b // c", "javascript:a", ":smile:", "# a", "<!-- a -->"],
    },
    "names of what objects have": {
        "toString": "a",
        "valueOf": "b",
        "hasOwnProperty": "c",
        "toJSON": "d",
        "keys": ["e"],
        "items": ["f"],
        "get": "g",
        "then": "h",
    },
    "data alone": {"data": {"foo": "bar"}},
    "pairs": {"a": [["x", 1], ["y", 2]], "b": [{"key": "x", "value": 1}]},
    "what looks like an array": {
        "a": {"length": 3},
        "b": {"0": "x", "1": "y", "length": 2},
        "c": {"0": "x", "1": "y"},
    },
    "what is read into texts and keys": {
        "texts": {"amount": "+1,234.50", "formula": "=1+1", "base64": "Zm9vYmFy"},
        "secrets": {
            "password": "a",
            "secret": "b",
            "token": "c",
            "api_key": "d",
            "authorization": "e",
            "credentials": {"user": "f", "key": "g"},
        },
        "types": [
            {"$type": "x", "$id": "1", "b": 1},
            {"@type": "x", "@id": "y", "@class": "z", "#text": "d"},
            {"py/object": "x.Y", "type": "object", "__type__": "z"},
        ],
    },
    "keys of punctuation": {f"a{char}b": char for char in "!#%&()*+,:;<=>?@[]^`{|}~-\t\\"},
    "characters of many kinds": {**CHARACTERS},
    "numbers of many kinds": {**NUMBERS},
    "texts that look like something": {**TEXTS},
    "names that look like something": {"all": dict.fromkeys(NAMES, "a")},
    "names that look like something, alone": {"each": [{name: "a"} for name in NAMES]},
    "what looks like an error": {
        "error": "none",
        "errors": [],
        "message": "Not found",
        "status": 404,
        "code": 404,
    },
    "order in arrays of one type": {
        "integers": [3, 1, 2],
        "numbers": [1.5, 0.25, 2],
        "texts": ["b", "C", "a"],
        "arrays": [[2], [1]],
        "objects": [{"id": 2}, {"id": 1}],
        "rows": [{"name": "b", "x": [[[1.5]]]}, {"name": "a", "x": [[[]]]}],
        "booleans": [True, False, True],
    },
    "equal items in an array": {"a": [1, 1, 1, {"x": 1}, {"x": 1}]},
    "case twins": {"key": 1, "Key": 2, "KEY": 3},
    "normalization twins": {"caf\u00e9": 1, "cafe\u0301": 2},
    "blank twins": {"a": 1, " a": 2, "a ": 3},
    "number twins": {"1": "a", "01": "b", "1.0": "c"},
    "keys not in order": {"z": 1, "a": 2, "m": 3, "1": 4},
    "one item": {"a": ["only"]},
    "results inside results": {"results": {"results": {"foo": "bar"}}, "ready": False},
    "results inside results alone": {"results": {"foo": "bar"}},
    "a whole document inside results": {
        "workflow": "other",
        "sample": {"id": "other", "name": "other"},
        "index": {"id": "other", "version": 99},
        "user": {"id": "other"},
        "subtractions": [{"id": "other", "name": "other"}],
        "created_at": "2001-01-01T00:00:00Z",
    },
    "a document inside results": {"id": "x", "ready": False, "job": {"id": "y"}, "files": []},
    "depth 64": nested(64),
    "depth 30 through arrays": nested(15, arrays=True),
    "mixed arrays": {"a": [1, "1", True, None, {"b": [[], {}]}, 1.5], "b": [[1, 2], [3], []]},
    "a row of hits": {"hits": [{"id": f"seq_{n}", "pi": n / 7, "reads": n} for n in range(50)]},
    "many keys": {f"key_{n}": n for n in range(1000)},
    "a long array": {"a": list(range(2000))},
    "a long text": {"a": "\u00e9\U0001f33f" * 4000},
}
"""Objects whose shape is the trouble."""

BEYOND_I_JSON: Final[Mapping[str, dict[str, Json]]] = {
    "2^53 + 1": {"a": 2**53 + 1},
    "2^63 - 1": {"a": 2**63 - 1},
    "2^63": {"a": 2**63},
    "2^64": {"a": 2**64},
    "a 40-digit integer": {"a": 10**39 + 7},
    "a noncharacter": {"a": "\uffff"},
    "NUL in a string": {"a": "x\0y"},
    "NUL in a key": {"x\0y": 1},
    "a lone surrogate": {"a": "\ud800"},
    "a lone surrogate in a key": {"\udfff": 1},
}
"""Results past what I-JSON promises to carry (RFC 7493, sections 2.1 and 2.2)."""

NUMBERLESS: Final = b'{"results": {"a": 1e999}}'
"""A body with a number past all doubles, which some readers take for infinity."""
SPELLINGS: Final[Mapping[str, bytes]] = {
    "escapes": rb'{"\u0072esults": {"caf\u00e9": "\ud83c\udf3f f\u006fo \uD83C\uDF3F\u002f\/"}}',
    "white space, and exponents": b' \r\n\t{ "results" :\t{\n"a":[ 1E2 ,\r\n25e-1, 1.50 ] } }\n ',
}
"""Bodies that say in other words what others say: JSON has many for one value (RFC 8259)."""
