"""Ids that look like a real one and are not: a read of one must not find the analysis."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

HEXADECIMAL = re.compile(r"[0-9a-fA-F{}-]+")

DISGUISES: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "a character short": lambda each: each[:-1],
        "a character more": lambda each: f"{each}x",
        "a wildcard at the end": lambda each: f"{each[:-1]}%",
        "an asterisk at the end": lambda each: f"{each[:-1]}*",
        "in the other letter case": str.swapcase,
        "a blank behind": lambda each: f"{each} ",
        "a blank in front": lambda each: f" {each}",
        "percent-encoded twice": lambda each: f"%{ord(each[0]):02X}{each[1:]}",
        "twice over": lambda each: f"{each}{each}",
    }
)
"""How each disguise is made of an id."""

LENIENT = frozenset({"in the other letter case", "a blank behind", "a blank in front"})
"""Disguises that readers of numbers and UUIDs see through, rightly (RFC 9562, section 4)."""


def disguises(analysis_id: str) -> list[str]:
    """The disguises that must not be seen through, whatever a correct server makes of ids."""
    lenient = HEXADECIMAL.fullmatch(analysis_id) is not None
    return [
        name
        for name, make in DISGUISES.items()
        if make(analysis_id) not in {"", analysis_id} and not (lenient and name in LENIENT)
    ]


def disguised(analysis_id: str, disguise: str) -> str:
    """An id in a disguise; as it is where there is none."""
    return DISGUISES[disguise](analysis_id) if disguise else analysis_id
