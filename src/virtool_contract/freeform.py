"""Awkward results: all of them, the large ones, and cheap strategies that mix them."""

from typing import Final

from hypothesis import strategies as st

from virtool_contract.awkward import KEYS, SCALARS, SHAPES
from virtool_contract.body import MIB
from virtool_contract.json_values import Json, encode

HUGE_KEYS: Final = 10_000
HUGE_ARRAY: Final = 70_000
FEW: Final = 14
"""So many of the shapes are small enough to be put inside others."""

PIECES: Final = (*SCALARS.values(), *list(SHAPES.values())[:FEW])
"""What is put inside other objects."""

CHARACTERS = st.characters(exclude_categories=["Cs", "Cn"], exclude_characters="\0")
"""Any character that I-JSON carries: surrogates and noncharacters are in the excluded ones."""


def catalogue() -> dict[str, dict[str, Json]]:
    """Every awkward object within I-JSON by its name."""
    found = {name: {"value": value} for name, value in SCALARS.items()}
    found |= {name: {key: "value"} for name, key in KEYS.items()}
    found |= SHAPES
    return found


def ten_thousand_keys() -> dict[str, Json]:
    """An object with as many keys."""
    return {f"k{n}": n for n in range(HUGE_KEYS)}


def one_mebibyte(beside: int = 0) -> dict[str, Json]:
    """Results whose whole finalize body is one byte short of a MiB (decision body-size).

    Short of it, because some servers take a limit of one MiB to exclude it. `beside` is how many
    bytes of the body go to other members. Characters of three bytes lie across the borders of
    whatever pieces the body is read in: 64 KiB is no multiple of three.
    """
    found: dict[str, Json] = {"depth": [7] * HUGE_ARRAY, "notes": "\u690d" * 80_000, "sequence": ""}
    room = MIB - 1 - beside - len(encode({"results": found}))
    return found | {"sequence": "ACGT" * (room // 4) + "A" * (room % 4)}


def awkward() -> st.SearchStrategy[dict[str, Json]]:
    """Objects put together from the catalogue, and from drawn characters and numbers.

    Cheap to draw: each choice costs some 50 microseconds, so whole pieces are chosen.
    """
    # By number, for hypothesis spells out in full what it samples from, each time that it is shown.
    pieces = st.sampled_from(range(len(PIECES))).map(PIECES.__getitem__)
    names = st.sampled_from(list(KEYS.values()))
    text = st.text(CHARACTERS, max_size=8)
    values = st.one_of(
        pieces,
        pieces.map(lambda piece: [piece]),
        text,
        st.floats(-1e15, 1e15),
        st.lists(pieces, max_size=3),
        st.dictionaries(names, pieces, max_size=2),
    )
    return st.one_of(
        st.dictionaries(names, values, max_size=3), st.dictionaries(text, pieces, max_size=2)
    )
