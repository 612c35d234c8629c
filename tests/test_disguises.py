"""Ids in disguise: each differs, and a shell makes of it what Python makes of it."""

import re
import subprocess
from urllib.parse import quote, unquote

import pytest

from virtool_contract.disguises import (
    DISGUISES,
    LENIENT,
    disguised,
    disguises,
    in_python,
    in_shell,
    similar_ids,
)

MAKES = {
    "letters": "uskrqsxm",
    "letters and digits": "yhxoynb0",
    "a capital": "Uskrqsxm",
    "one letter": "z",
    "digits": "1234567",
    "one digit": "7",
    "hexadecimal": "deadbeef",
    "an ObjectId": "507f1f77bcf86cd799439011",
    "a UUID": "9b2e8c0a-5d3f-4f6e-8a7b-1c2d3e4f5a6b",
    "a UUID in capitals": "9B2E8C0A-5D3F-4F6E-8A7B-1C2D3E4F5A6B",
    "a UUID in braces": "{9b2e8c0a-5d3f-4f6e-8a7b-1c2d3e4f5a6b}",
    "a colon and a dash": "analysis:x-17",
}
NUMBERS = {
    name for name in MAKES if name.startswith(("digit", "one digit", "hexa", "an Obj", "a UU"))
}


@pytest.mark.parametrize("analysis_id", MAKES.values(), ids=MAKES)
def test_each_disguise_differs_from_the_id_and_from_the_others(analysis_id: str) -> None:
    names = disguises(analysis_id)
    made = [disguised(analysis_id, name) for name in names]
    assert len(names) >= 4
    assert "" not in made
    assert analysis_id not in made
    assert len(set(made)) == len(made)


@pytest.mark.parametrize("make", MAKES)
def test_readers_of_numbers_may_see_through_some(make: str) -> None:
    tried = set(disguises(MAKES[make]))
    assert (tried & LENIENT == set()) is (make in NUMBERS)
    assert set(DISGUISES) >= LENIENT


@pytest.mark.parametrize("make", MAKES)
def test_no_disguise_reads_as_the_same_number(make: str) -> None:
    if make not in NUMBERS:
        return
    real = int(MAKES[make].strip("{}").replace("-", ""), 16)
    for name in disguises(MAKES[make]):
        try:
            read = int(disguised(MAKES[make], name).strip("{} ").replace("-", ""), 16)
        except ValueError:
            continue
        assert read != real, name


def test_an_id_of_one_character_has_no_shorter_one() -> None:
    assert "a character short" not in disguises("z")
    assert "in the other letter case" not in disguises("-_.:")


def test_without_a_disguise_an_id_stays() -> None:
    assert disguised("uskrqsxm", "") == "uskrqsxm"
    assert in_shell("A_ID", "") == "${A_ID}"
    assert in_python("A_ID", "") == "A_ID"


@pytest.mark.parametrize("analysis_id", MAKES.values(), ids=MAKES)
def test_python_makes_the_same_of_it(analysis_id: str) -> None:
    for name in disguises(analysis_id):
        made = eval(in_python("A_ID", name), {"A_ID": analysis_id})  # noqa: S307 - our own
        assert made == disguised(analysis_id, name), name


@pytest.mark.parametrize("analysis_id", MAKES.values(), ids=MAKES)
def test_bash_makes_the_same_of_it(analysis_id: str) -> None:
    names = disguises(analysis_id)
    lines = "\n".join(f'echo "{in_shell("A_ID", name)}"' for name in names)
    done = subprocess.run(
        ["/bin/bash", "-euc", lines],
        env={"A_ID": analysis_id, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    printed = done.stdout.split("\n")[:-1]
    assert [unquote(each) for each in printed] == [disguised(analysis_id, name) for name in names]
    for each, name in zip(printed, names, strict=True):
        assert "%" not in disguised(analysis_id, name) or each != disguised(analysis_id, name)
        assert quote(unquote(each), safe="") == quote(disguised(analysis_id, name), safe="")


IDS = {
    "letters": ("uskrqsxm", r"[a-z]{8}"),
    "mixed": ("a1B2-c3_D4", r"[a-f]\d[A-F]\d-[a-f]\d_[A-F]\d"),
    "integer": ("1204", r"[1-9]\d{7}"),
    "nines": ("99", r"[1-9]\d{7}"),
    "hex": ("507f1f77bcf86cd799439011", r"[0-9a-f]{24}"),
    "UUID": ("f47ac10b-58cc-4372-a567-0e02b2c3d479", r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "one digit": ("9", r"\d{8}"),
    "one letter": ("z", r"[a-z]{8}"),
    "beyond ASCII": ("\u00e9a", r"(\u00e9[a-f]){4}"),
}


@pytest.mark.parametrize(("real", "make"), IDS.values(), ids=IDS)
def test_similar_ids_are_of_the_same_make_and_other_ids(real: str, make: str) -> None:
    made = list(similar_ids(real))
    assert len(set(made)) >= 4
    assert real not in made
    for each in made:
        assert re.fullmatch(make, each), each
