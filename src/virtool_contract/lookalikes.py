"""Texts, numbers and names that some server has taken for something else, or not had room for."""

from collections.abc import Mapping
from typing import Final

from virtool_contract.json_values import Json

CHARACTERS: Final[Mapping[str, str]] = {
    "signs": "\u20ac\u00b0\u00d7\u2212\u2011\u00a9\u2192\u263a\u221e\u00b1",
    "signs that are letters too": "\u00b5\u03bc \u2126\u03a9",
    "letters": "\u03b1\u0416\u0627\u0935\u0e01\u4e2d\uac00 \U0001d400 \U00020000 \u01c5 \u0149",
    "joiners": "a\u200cb\u200dc\u2060d\u2061e\u2062f\u2063g\u034fh\u061ci\u180ej",
    "blanks": "a\u2002b\u2009c\u200ad\u205fe\u1680f",
    "emoji": "\U0001f44d\U0001f3fd \U0001f1e8\U0001f1e6 1\ufe0f\u20e3 \u270c\ufe0e",
    "others": "\ufffc \ufff9a\ufffab\ufffb \U000f0000 \U0010fffd",
}
"""Texts of characters that some server has replaced or dropped, by what they are."""

NUMBERS: Final[Mapping[str, Json]] = {
    "bytes": [127, 128, -128, -129, 255, 256],
    "words": [32767, 32768, -32768, -32769, 65535, 65536],
    "longs": [2**31 - 1, 2**31, -(2**31), 2**32 - 1, 2**52 + 1, -(2**52) - 1, 10**15 + 1],
    "times": [1507066554, 1507066554813],
    "fractions": [-0.5, -1.5, 2.5, 0.005, -1e-7, 1e-20, 1e-200, -1.6e308, 1e21, 123456.789],
}
"""Numbers at the edges of types, and such as are taken for something else."""

TEXTS: Final[Mapping[str, list[str]]] = {
    "backslashes": ["\\\\server\\share", "C:\\new\\table", '\\1 \\0 \\/ \\"'],
    "dollars": ["$$", "$&", "$1.50", "\u20ac5", "%PATH%"],
    "code": ["<% a %>", "{% a %}", "/a/", "(a)->b...", "a: b", "- a", "---", "&a", "*a", "!a"],
    "markup": ["**a** __b__", ":) (c)", "[a](b)", '"quoted"', "'quoted'", "a  b", "sp. nov."],
    "addresses": ["http://example.org/", "HTTPS://Example.ORG:443/%7Ea?b=c#d", "0:0:0:0:0:0:0:1"],
    "files": ["file:///a", "data:,a", "~/a", "./a/../b//c/"],
    "numbers": [
        "0b1",
        "0o7",
        "1j",
        " 12 ",
        "3,14",
        "1.50",
        "1e-05",
        "\u0661\u0662",
        "IV",
        "X",
        "123-45-6789",
    ],
    "times": [
        *("2026-01-31T00:00:00", "2026-01-31T00:00:00Z", "2026-01-31T00:00:00.000Z", "2026-W05"),
        *("2026-01-31 12:30:00", "2026-01-31T12:30:00.5+05:30", "20260131", "1507066554"),
        *("Sat, 31 Jan 2026 00:00:00 GMT", "09:05", "1/31/26", "31.01.2026"),
    ],
    "words": ["off", "N", "null", "TRUE", "False", "nan", "inf", "None", "~", "on", "~a", "ASS"],
    "digests": ["DA39A3EE5E6B4B0D3255BFEF95601890AFD80709", "Bearer a", "eyJhbGciOiJub25lIn0.e30."],
    "lines": ["\n a", "a\n", "  a\n    b", "a;b|c,d", "a\t", "\u2028a"],
}
"""Texts that some server has taken for something else."""

NAMES: Final = (
    # What languages have: Python, JavaScript, Java, C#, YAML.
    *("class", "self", "this", "default", "None", "True", "null", "true", "NaN", "Infinity"),
    *(
        "undefined",
        "prototype",
        "arguments",
        "caller",
        "inspect",
        "__init__",
        "__dict__",
        "__len__",
    ),
    *("__defineGetter__", "on", "off", "yes", "no", "y", "n", "<<", "~"),
    # What objects of libraries have.
    *("update", "pop", "copy", "clear", "set", "values", "count", "size", "index", "name", "value"),
    # What other notations mean something by.
    *("$", "$t", "$schema", "$defs", "$values", "$numberInt", "$binary", "$regex", "$where", "$gt"),
    *("$inc", "$push", "$unset", "__v", "_rev", "_type", "__typename", "@context", "py/type"),
    *("$include", "@import", "_links", "_embedded", "attributes", "properties", "kind"),
    # What answers and tables have.
    *("detail", "title", "success", "result", "meta", "links", "deleted", "version", "space"),
    *("updated_at", "createdAt", "user_id", "userId", "job_id", "analysis", "analysis_id", "role"),
    *("admin", "auth", "cache", "labels", "nuvs", "hits", "read_count", "virtool"),
    # What is left of a name.
    *("_", ".", "..", "-", "*", "?", "#", "%", ".a", "a.", "$a", "a$", "a$b", "a_b", "a b", "A"),
    *("-1", "1.5", "1e3", "0x10", "1,5", "2026-01-31", "a%20b", "${a}", "{a}", "a\r", "\x1b[0m"),
    *("\u00a0a", "a\u200b", "\ufeffa", "\u05d0", "a\u0301", "\x7f", "\x85", "\u2028", "\u4e2d"),
)
"""Names of members that some server has taken for something else."""
