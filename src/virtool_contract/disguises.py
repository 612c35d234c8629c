"""Ids that look like a real one, and ids of its make: a read of one must not find the analysis."""

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

HEXADECIMAL = re.compile(r"[0-9a-fA-F{}-]+")

DISGUISES: Mapping[str, tuple[Callable[[str], str], str]] = MappingProxyType(
    {
        "a character short": (lambda each: each[:-1], "${ID%?}"),
        "a character more": (lambda each: f"{each}x", "${ID}x"),
        "a wildcard at the end": (lambda each: f"{each[:-1]}%", "${ID%?}%25"),
        "an asterisk at the end": (lambda each: f"{each[:-1]}*", "${ID%?}%2A"),
        "in the other letter case": (str.swapcase, "${ID~~}"),
        "a blank behind": (lambda each: f"{each} ", "${ID}%20"),
        "a blank in front": (lambda each: f" {each}", "%20${ID}"),
        "percent-encoded twice": (
            lambda each: f"%{ord(each[0]):02X}{each[1:]}",
            "$(printf '%%25%02X' \"'$ID\")${ID#?}",
        ),
        "twice over": (lambda each: f"{each}{each}", "${ID}${ID}"),
        "a character less in front": (lambda each: each[1:], "${ID#?}"),
        "a character more in front": (lambda each: f"x{each}", "x${ID}"),
        "a dot at the end": (lambda each: f"{each[:-1]}.", "${ID%?}."),
        "an accent on its end": (lambda each: f"{each}\u0301", "${ID}%CC%81"),
        "a NUL behind": (lambda each: f"{each}\0", "${ID}%00"),
        "a slash and more behind": (lambda each: f"{each}/x", "${ID}%2Fx"),
        "a semicolon and more behind": (lambda each: f"{each};x", "${ID}%3Bx"),
        "a question mark and more behind": (lambda each: f"{each}?x", "${ID}%3Fx"),
        "a hash and more behind": (lambda each: f"{each}#x", "${ID}%23x"),
        "a line feed behind": (lambda each: f"{each}\n", "${ID}%0A"),
        "300 characters behind": (lambda each: f"{each}{'x' * 300}", f"${{ID}}{'x' * 300}"),
    }
)
"""How each disguise is made of an id, and in a shell of a variable `ID`.

What a delimiter is in a URL (RFC 3986, section 2.2) is sent percent-encoded, as a part of the id.
"""

LENIENT = frozenset(
    {
        "in the other letter case",
        "a blank behind",
        "a blank in front",
        "a line feed behind",
        "a character less in front",
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
        for name, (make, _) in DISGUISES.items()
        if make(analysis_id).strip("{}") not in {"", ".", bare}
        and not (lenient and name in LENIENT)
    ]


def disguised(analysis_id: str, disguise: str) -> str:
    """An id in a disguise; as it is where there is none."""
    return DISGUISES[disguise][0](analysis_id) if disguise else analysis_id


def in_shell(variable: str, disguise: str) -> str:
    """The same in bash, percent-encoded for a URL, for an id in a variable."""
    return (DISGUISES[disguise][1] if disguise else "${ID}").replace("ID", variable)


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
