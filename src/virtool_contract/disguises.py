"""Ids that look like a real one, and ids of its make: a read of one must not find the analysis."""

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

HEXADECIMAL = re.compile(r"[0-9a-fA-F{}-]+")


class Disguise(NamedTuple):
    """How an id is disguised; and the same of a variable `ID`, in bash for a URL, and in Python."""

    make: Callable[[str], str]
    shell: str
    python: str


def _full_width(char: str) -> str:
    """The same printable character of ASCII as wide as a Chinese one; any other as it is."""
    return chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char


DISGUISES: Mapping[str, Disguise] = MappingProxyType(
    {
        "a character short": Disguise(lambda each: each[:-1], "${ID%?}", "ID[:-1]"),
        "a character more": Disguise(lambda each: f"{each}x", "${ID}x", "ID + 'x'"),
        "a wildcard at the end": Disguise(
            lambda each: f"{each[:-1]}%", "${ID%?}%25", "ID[:-1] + '%'"
        ),
        "an asterisk at the end": Disguise(
            lambda each: f"{each[:-1]}*", "${ID%?}%2A", "ID[:-1] + '*'"
        ),
        "in the other letter case": Disguise(str.swapcase, "${ID~~}", "ID.swapcase()"),
        "a blank behind": Disguise(lambda each: f"{each} ", "${ID}%20", "ID + ' '"),
        "a blank in front": Disguise(lambda each: f" {each}", "%20${ID}", "' ' + ID"),
        "percent-encoded twice": Disguise(
            lambda each: f"%{ord(each[0]):02X}{each[1:]}",
            "$(printf '%%25%02X' \"'$ID\")${ID#?}",
            "f'%{ord(ID[0]):02X}{ID[1:]}'",
        ),
        "twice over": Disguise(lambda each: f"{each}{each}", "${ID}${ID}", "ID + ID"),
        "a character less in front": Disguise(lambda each: each[1:], "${ID#?}", "ID[1:]"),
        "a character more in front": Disguise(lambda each: f"x{each}", "x${ID}", "'x' + ID"),
        "a dot at the end": Disguise(lambda each: f"{each[:-1]}.", "${ID%?}.", "ID[:-1] + '.'"),
        "an accent on its end": Disguise(
            lambda each: f"{each}\u0301", "${ID}%CC%81", "ID + '\\u0301'"
        ),
        "a NUL behind": Disguise(lambda each: f"{each}\0", "${ID}%00", "ID + '\\0'"),
        "a slash and more behind": Disguise(lambda each: f"{each}/x", "${ID}%2Fx", "ID + '/x'"),
        "a semicolon and more behind": Disguise(lambda each: f"{each};x", "${ID}%3Bx", "ID + ';x'"),
        "a question mark and more behind": Disguise(
            lambda each: f"{each}?x", "${ID}%3Fx", "ID + '?x'"
        ),
        "a hash and more behind": Disguise(lambda each: f"{each}#x", "${ID}%23x", "ID + '#x'"),
        "a line feed behind": Disguise(lambda each: f"{each}\n", "${ID}%0A", "ID + '\\n'"),
        "a plus behind": Disguise(lambda each: f"{each}+", "${ID}%2B", "ID + '+'"),
        "a blank of no width behind": Disguise(
            lambda each: f"{each}\u200b", "${ID}%E2%80%8B", "ID + '\\u200b'"
        ),
        "a full-width character in front": Disguise(
            lambda each: f"{_full_width(each[0])}{each[1:]}",
            '$(c=$(printf %d "\'$ID");'
            " printf '%%EF%%%X%%%X' $((c < 96 ? 188 : 189)) $((c < 96 ? c + 96 : c + 32)))${ID#?}",
            "chr(ord(ID[0]) + 0xFEE0) + ID[1:]",
        ),
        "300 characters behind": Disguise(
            lambda each: f"{each}{'x' * 300}", f"${{ID}}{'x' * 300}", "ID + 'x' * 300"
        ),
    }
)
"""How each disguise is made of an id.

What a delimiter is in a URL (RFC 3986, section 2.2) is sent percent-encoded, as a part of the id.
"""

LENIENT = frozenset(
    {
        "in the other letter case",
        "a blank behind",
        "a blank in front",
        "a line feed behind",
        "a character less in front",
        "a full-width character in front",
    }
)
"""Disguises that readers of numbers and UUIDs see through, rightly (RFC 9562, section 4).

The character in front may be a zero.
"""


def disguises(analysis_id: str) -> list[str]:
    """The disguises that must not be seen through, whatever a correct server makes of ids."""
    lenient = HEXADECIMAL.fullmatch(analysis_id) is not None
    bare = analysis_id.strip("{}")  # readers of UUIDs do not miss a brace
    return [
        name
        for name, disguise in DISGUISES.items()
        if disguise.make(analysis_id).strip("{}") not in {"", ".", bare}
        and not (lenient and name in LENIENT)
    ]


def disguised(analysis_id: str, disguise: str) -> str:
    """An id in a disguise; as it is where there is none."""
    return DISGUISES[disguise].make(analysis_id) if disguise else analysis_id


def in_shell(variable: str, disguise: str) -> str:
    """The same in bash, percent-encoded for a URL, for an id in a variable."""
    return (DISGUISES[disguise].shell if disguise else "${ID}").replace("ID", variable)


def in_python(variable: str, disguise: str) -> str:
    """An expression for the same in Python, not percent-encoded."""
    return (DISGUISES[disguise].python if disguise else "ID").replace("ID", variable)


SHORTEST_ABSENT = 8
"""Shorter ids have neighbours: one that nobody has now is somebody's a moment later, and `28` is
the beginning of `280`. Eight digits still fit an integer column of 32 bits."""


def similar_ids(analysis_id: str) -> Iterator[str]:
    """Ids of the make of a real one, for one that nobody has: digits for digits, and so on.

    Integer-looking and UUID-like ids stay so, for a target may refuse others as malformed. A short
    one is repeated until it is `SHORTEST_ABSENT` characters long.
    """
    real = (analysis_id * SHORTEST_ABSENT)[: max(len(analysis_id), SHORTEST_ABSENT)]
    for shift in range(1, 9):
        made = "".join(_shifted(char, shift + place) for place, char in enumerate(real))
        if made != real:  # one of no letters and digits comes back to itself
            yield made


def _shifted(char: str, shift: int) -> str:
    for alphabet in (
        "0123456789",
        "abcdef",
        "ghijklmnopqrstuvwxyz",
        "ABCDEF",
        "GHIJKLMNOPQRSTUVWXYZ",
    ):
        if char in alphabet:
            moved = alphabet[(alphabet.index(char) + shift) % len(alphabet)]
            return "9" if moved == "0" and alphabet[0] == "0" else moved
    return char
