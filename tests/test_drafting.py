"""Drafts of waivers: an entry for each way to break a clause, behind what stands in the file."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import yaml

from virtool_contract.drafting import DAYS, REASON, Draft
from virtool_contract.ledger import Deviation, Ledger
from virtool_contract.options import OptionError
from virtool_contract.scenario import Scenario, Step
from virtool_contract.verdict import Scope, Verdicts, reach
from virtool_contract.waivers import Waiver, Waivers, load, utc_today

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from virtool_contract.contract import Contract

    Begin = Callable[..., Draft]

SCENARIO = Scenario(subjects={"A": "pending"}, steps=(Step(subject="A", operation="get"),))
SHOWN = Deviation(
    clause="get.document",
    expected="200",
    actual='404 application/json {"message":"Gone"}',
    request="get by owner",
    scenario=SCENARIO,
    seen=3,
    tried=3,
)
GONE = 'get by *: 404 application/json {"message":"Gone"}'


@pytest.fixture
def begin(contract: Contract, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Begin:
    monkeypatch.chdir(tmp_path)

    def begun(text: str | None = None, *, strict: bool = False) -> Draft:
        if text is not None:
            (tmp_path / "waivers.yaml").write_text(text, encoding="utf-8")
        return Draft.begin("waivers.yaml", contract, strict=strict)

    return begun


def ledger(*deviations: Deviation, **others: list[str]) -> Ledger:
    made = Ledger(others={name.replace("_", "."): ways for name, ways in others.items()})
    for deviation in deviations:
        made.add(deviation)
    return made


def learn(draft: Draft, seen: Ledger) -> bool:
    return draft.learn(reach(draft.contract, seen, Scope()), seen)


def observed(draft: Draft) -> list[str]:
    return [each.observed for each in draft.entries]


def test_each_way_is_an_entry(begin: Begin, contract: Contract) -> None:
    draft = begin()
    assert learn(draft, ledger(SHOWN, get_document=[GONE, "get by *: 204", 'x: "y" is [z]']))
    draft.save()
    first, second, third = load("waivers.yaml", contract).entries
    assert (first.clause, first.reason, first.observed) == ("get.document", REASON, GONE)
    assert first.expires == utc_today() + timedelta(days=DAYS)
    assert (first.effort, first.intermittent) == ("quick", False)
    assert (second.observed, third.observed) == ("get by *: 204", 'x: "y" is [z]')
    assert not learn(draft, ledger())


def test_what_does_not_count_is_not_drafted(begin: Begin) -> None:
    should = replace(SHOWN, clause="errors.message")
    assert not learn(begin(), ledger(should))
    assert learn(begin(strict=True), ledger(should))


@pytest.mark.parametrize(("seen", "luck"), [(3, False), (2, True), (0, True)])
def test_what_replays_do_not_always_show_is_intermittent(
    begin: Begin, seen: int, *, luck: bool
) -> None:
    draft = begin()
    learn(draft, ledger(replace(SHOWN, seen=seen), get_document=["get by *: 204"]))
    assert [each.intermittent for each in draft.entries] == [luck, luck]
    assert ("intermittent: true" in draft.text()) is luck


def test_a_race_is_waived_whatever_it_shows(begin: Begin) -> None:
    raced = replace(SHOWN, clause="finalize.atomic", scenario=replace(SCENARIO, together=True))
    draft = begin()
    learn(draft, ledger(raced, finalize_atomic=["acknowledged and lost: *"]))
    assert observed(draft) == [""]
    assert "observed" not in draft.text()


def test_a_crash_in_a_race_is_a_crash_like_any_other(begin: Begin) -> None:
    together = replace(SCENARIO, together=True)
    crashed = replace(SHOWN, clause="errors.no-server-error", actual="500", scenario=together)
    draft = begin()
    learn(draft, ledger(replace(crashed, request="")))
    assert observed(draft) == ["500"]


def test_nothing_is_drafted_over_a_waiver_that_is_past_its_date(begin: Begin) -> None:
    overdue = "- {clause: get.document, reason: known, expires: 2020-01-01, observed: 'get *'}\n"
    draft = begin(overdue)
    assert not learn(draft, ledger(SHOWN))
    assert draft.entries == []
    assert learn(draft, ledger(replace(SHOWN, request="remove by owner")))


def test_a_text_that_comes_back_in_other_words_is_loosened(begin: Begin) -> None:
    draft = begin()
    for word in ("Gone", "Lost", "Away"):
        assert learn(draft, ledger(replace(SHOWN, actual=f"404 text/html {word}")))
    assert observed(draft) == ["get by *: 404*"]


def test_it_does_not_matter_who_asks_if_many_do(begin: Begin) -> None:
    draft = begin()
    callers = [f"get by {caller}: 200 *" for caller in ("owner", "anonymous", "wrong key")]
    learn(draft, ledger(replace(SHOWN, request=""), get_document=callers[:2]))
    assert observed(draft)[1:] == callers[:2]
    learn(draft, ledger(replace(SHOWN, request=""), get_document=callers[2:]))
    assert observed(draft)[1:] == ["get by *: 200 *"]


def proven(draft: Draft, hits: int) -> Verdicts:
    """The verdicts of a run with the draft in effect, in which its entries were needed so often."""
    seen = Ledger()
    waivers = tuple(replace(each, first=n) for n, each in enumerate(draft.entries, 1))
    for _ in range(hits):
        seen.waive(waivers, lambda: SHOWN)
    return reach(draft.contract, seen, Scope(waivers=Waivers(entries=waivers)))


@pytest.mark.parametrize(("hits", "luck"), [(1, False), (0, True)])
def test_what_another_run_does_not_show_is_intermittent(
    begin: Begin, hits: int, *, luck: bool
) -> None:
    draft = begin()
    learn(draft, ledger(SHOWN))
    draft.prove(proven(draft, 0), in_effect=False)
    assert not draft.entries[0].intermittent
    draft.prove(proven(draft, hits), in_effect=True)
    assert draft.entries[0].intermittent is luck


@pytest.mark.parametrize(
    ("at_quick", "at_standard", "effort", "luck"),
    [(1, 1, "quick", False), (0, 10, "standard", False), (0, 9, "standard", True)],
)
def test_what_a_quick_run_does_not_show_takes_more_effort(
    begin: Begin, at_quick: int, at_standard: int, effort: str, *, luck: bool
) -> None:
    draft = begin()
    learn(draft, ledger(SHOWN))
    draft.limit_to_effort("standard", proven(draft, at_quick), proven(draft, at_standard))
    (waiver,) = draft.entries
    assert (waiver.effort, waiver.intermittent) == (effort, luck)


@pytest.mark.parametrize(
    "before",
    [
        "# Nothing yet.\n",
        "---\n- clause: get.safe\n  reason: known # really\n  expires: 2020-01-01\n# The end.",
        "  - clause: get.safe\n    reason: known\n    expires: 2020-01-01\n\n\n",
    ],
)
def test_the_file_stays_as_it_is(begin: Begin, contract: Contract, before: str) -> None:
    draft = begin(before)
    learn(draft, ledger(SHOWN))
    draft.save()
    text = draft.text()
    assert text.startswith(before)
    entries = load("waivers.yaml", contract).entries
    assert [each.clause for each in entries][-1] == "get.document"
    assert len(entries) == before.count("clause:") + 1
    assert yaml.safe_load(text)[-1]["observed"] == GONE


def test_nothing_is_written_where_there_is_nothing_to_say(begin: Begin, tmp_path: Path) -> None:
    begin().save()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("[]\n", "waivers.yaml:1: nothing can be appended to this list; try one entry after"),
        (
            "- clause: get.safe\n  reason: known\n  expires: 2020-01-01\n...\n",
            "waivers.yaml:1: nothing can be appended",
        ),
        ("- clause: get.safe\n", "waivers.yaml:1: `reason` is missing"),
    ],
)
def test_a_file_that_takes_no_drafts_is_refused_before_anything_is_sent(
    begin: Begin, text: str, part: str
) -> None:
    with pytest.raises(OptionError) as caught:
        begin(text)
    assert part in str(caught.value)


@pytest.mark.parametrize("path", ["missing/waivers.yaml", "."])
def test_a_file_that_cannot_be_written(begin: Begin, contract: Contract, path: str) -> None:
    begin()
    with pytest.raises(OptionError, match=r"cannot be written; try \./waivers\.yaml"):
        Draft.begin(path, contract, strict=False)


def test_what_a_draft_says_can_be_read_back(begin: Begin, contract: Contract) -> None:
    odd = 'get by *: 500 text/html  \\x1b[0m: "#*" \u2026\t'
    draft = begin()
    learn(draft, ledger(SHOWN, get_document=[odd]))
    draft.save()
    assert odd in [each.observed for each in load("waivers.yaml", contract).entries]
    assert isinstance(draft.entries[0], Waiver)
