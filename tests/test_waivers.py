"""A file of waivers: what it says, what it waives, and where it is wrong."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from virtool_contract.options import OptionError
from virtool_contract.waivers import Waiver, Waivers, asked, load, utc_today

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from virtool_contract.contract import Contract

    Loading = Callable[..., Waivers]

TODAY = date(2026, 6, 30)
ENTRY = "- clause: finalize.once\n  reason: known\n  expires: 2026-12-31\n"


@pytest.fixture
def loading(contract: Contract, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Loading:
    monkeypatch.chdir(tmp_path)

    def loaded(text: str, today: date = TODAY) -> Waivers:
        (tmp_path / "waivers.yaml").write_text(text, encoding="utf-8")
        return load("waivers.yaml", contract, today)

    return loaded


def test_an_entry_says_what_it_says(loading: Loading) -> None:
    (waiver,) = loading(
        "# known\n"
        "- clause: finalize.once\n"
        "  reason: >\n    they know,\n    and mend it\n"
        "  expires: '2026-12-31'\n"
        "  issue: 12\n"
        "  owner: Igboyes\n"
        "  observed: 204\n"
        "  effort: standard\n"
        "  intermittent: yes\n"
        "# the end\n"
    ).entries
    assert waiver == Waiver(
        clause="finalize.once",
        reason="they know, and mend it\n",
        expires=date(2026, 12, 31),
        issue="12",
        owner="Igboyes",
        observed="204",
        effort="standard",
        intermittent=True,
        file="waivers.yaml",
        first=2,
        last=11,
    )
    assert waiver.place == "waivers.yaml:2"


def test_what_is_optional_may_be_missing(loading: Loading) -> None:
    (waiver,) = loading(ENTRY).entries
    assert (waiver.observed, waiver.effort, waiver.intermittent) == ("", "quick", False)
    assert (waiver.first, waiver.last) == (1, 3)
    assert waiver.shows_at("quick")


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "[]\n"])
def test_a_file_may_hold_nothing(loading: Loading, text: str) -> None:
    assert loading(text).entries == ()


def test_without_a_file_nothing_is_waived(contract: Contract) -> None:
    waivers = load(None, contract)
    assert waivers == Waivers(today=utc_today())


def entry(key: str, value: str) -> str:
    lines = {"clause": "finalize.once", "reason": "known", "expires": "2026-12-31", key: value}
    return "- " + "  ".join(f"{name}: {each}\n" for name, each in lines.items())


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("clause: finalize.once\n", 1, "not a list; try a list of `- clause: finalize.once`"),
        ("\n- finalize.once\n", 2, "not an entry; try"),
        ("- clause: finalize.once\n  reason: [\n", 3, "not YAML: "),
        ("- clause: finalize.once\n  expires: 2026-12-31\n", 1, "`reason` is missing; an entry"),
        ("- reason: known\n  expires: 2026-12-31\n", 1, "`clause` is missing"),
        ("- clause: finalize.once\n  reason: known\n", 1, "`expires` is missing"),
        (entry("reason", ""), 2, "`reason` is not a text; say why"),
        (entry("reason", "' '"), 2, "`reason` is not a text"),
        (entry("reason", "{a: 1}"), 2, "`reason` is not a text"),
        (entry("clause", "finalize.twice"), 1, "no clause 'finalize.twice'; try finalize.answer, "),
        (entry("clause", "once"), 1, "no clause 'once'; try access.credentials, "),
        (entry("expires", "soon"), 3, "`expires` is 'soon', which is not a date; try 2026-12-31"),
        (entry("expires", "2026-02-30"), 3, "`expires` is '2026-02-30', which is not a date"),
        (entry("until", "2026-12-31"), 4, "'until' is no key of a waiver; try clause, reason, "),
        (entry("effort", "huge"), 4, "`effort` is 'huge', which is no effort; try quick or"),
        (entry("intermittent", "rarely"), 4, "`intermittent` is 'rarely', neither yes nor no"),
        (entry("owner", "a") + "  owner: b\n", 5, "`owner` is there twice"),
        (ENTRY + ENTRY, 4, "says the same as waivers.yaml:1"),
        ("- &a [*a]\n", 1, "not an entry"),
        ("---\n[]\n---\n[]\n", 3, "not YAML: "),
    ],
)
def test_what_is_wrong_is_said_with_its_line(
    loading: Loading, text: str, line: int, part: str
) -> None:
    with pytest.raises(OptionError) as caught:
        loading(text)
    said = str(caught.value)
    assert said.startswith(f"waivers.yaml:{line}: ")
    assert part in said
    assert "\n" not in said


def test_a_file_that_cannot_be_read(contract: Contract, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"^--waivers: 'none.yaml' cannot be read \(No such"):
        load("none.yaml", contract)
    file = tmp_path / "latin.yaml"
    file.write_bytes(b"- clause: caf\xe9\n")
    with pytest.raises(OptionError, match=r"latin\.yaml: not UTF-8 at byte 13"):
        load(str(file), contract)


def test_several_entries_of_a_clause_differ_in_what_they_observe(loading: Loading) -> None:
    waivers = loading(ENTRY + "  observed: '200 *'\n" + ENTRY + "  observed: '400 *'\n" + ENTRY)
    first, second, anything = waivers.entries
    assert waivers.covering("finalize.once", "", "200 application/json") == (first, anything)
    assert waivers.covering("finalize.once", "", "400 text/html") == (second, anything)
    assert waivers.covering("finalize.once", "", "500") == (anything,)
    assert waivers.covering("finalize.ready", "", "200 application/json") == ()


@pytest.mark.parametrize(
    ("observed", "does"),
    [
        ("200 *", True),
        ("finalize by anonymous: 200 *", True),
        ("finalize by *: 200 *", True),
        ("finalize by owner: 200 *", False),
        ("anonymous*", False),
        ("200", False),
    ],
)
def test_what_was_asked_may_be_part_of_it(observed: str, *, does: bool) -> None:
    waiver = Waiver(clause="c", reason="r", expires=TODAY, observed=observed)
    assert waiver.covers("finalize by anonymous", "200 application/json {}") is does


def test_a_deviation_in_one_line() -> None:
    assert asked("get by owner", "404") == "get by owner: 404"
    assert asked("", "no order explains these answers") == "no order explains these answers"


@pytest.mark.parametrize(
    ("today", "holds"),
    [(date(2026, 12, 31), True), (date(2027, 1, 1), False), (date(2026, 1, 1), True)],
)
def test_the_date_is_the_last_day(loading: Loading, today: date, *, holds: bool) -> None:
    waivers = loading(ENTRY, today)
    (waiver,) = waivers.entries
    assert waivers.holds(waiver) is holds
    assert bool(waivers.covering("finalize.once", "", "200")) is holds
