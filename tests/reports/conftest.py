"""What the tests of the reports share: runs that went every way there is."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TypeAlias

import pytest

from virtool_contract.body import finalize_body
from virtool_contract.contract import Contract
from virtool_contract.ledger import Deviation, Ledger
from virtool_contract.options import resolve
from virtool_contract.reports.report import Report
from virtool_contract.scenario import Scenario, Step
from virtool_contract.verdict import Scope, reach
from virtool_contract.waivers import Waiver, Waivers

Making: TypeAlias = Callable[..., Report]

TODAY = date(2026, 6, 30)
WAIVER = Waiver(
    clause="get.safe",
    reason="the archive counts reads, until autumn",
    expires=TODAY,
    issue="https://example.org/12",
    observed="get by *: 200 *",
    file="waivers.yaml",
    first=3,
)
OVERDUE = replace(WAIVER, clause="get.files", expires=date(2026, 6, 1), first=7)
SCENARIO = Scenario(
    subjects={"A": "pending"},
    steps=(
        Step(subject="A", operation="finalize", body=finalize_body({"foo": "bar"})),
        Step(subject="A", operation="get"),
    ),
)
RACE = replace(SCENARIO, together=True)
NASTY = (
    "]]> </pre><script>alert(1)</script> &amp; \x00\x1b[31m\r\n::error::pwned\n\x85\u202e\u2028"
    "\ud800\uffff | `code` **bold** [x](http://a.example) www.b.example #1 @you %0A ##[error] é 😀"
)


def deviation(
    clause: str, *, seen: int = 3, expected: str = "404", actual: str = "200"
) -> Deviation:
    return Deviation(
        clause=clause,
        expected=expected,
        actual=actual,
        scenario=SCENARIO,
        seen=seen,
        tried=3,
        timeline=("A |--| finalize 200",),
    )


@pytest.fixture(scope="session")
def made(contract: Contract) -> Making:
    """Makes the report of a run that saw these deviations, and kept all other clauses."""

    def make(
        *deviations: Deviation,
        waived: Deviation | None = None,
        unseen: dict[str, str] | None = None,
        troubles: tuple[str, ...] = (),
        scope: Scope | None = None,
        kept: bool = True,
        **options: str | bool | None,
    ) -> Report:
        ledger = Ledger(requests=42, troubles=list(troubles))
        ledger.kept.update(dict.fromkeys(contract.clauses, 7) if kept else {})
        for clause, why in (unseen or {}).items():
            del ledger.kept[clause]
            if why:
                ledger.excuses[clause] = why
        for each in deviations:
            ledger.add(each)
        if waived:
            ledger.waive([WAIVER], lambda: waived)
        settings = resolve(options, {}, Path(__file__).parent)
        given = scope or Scope(waivers=Waivers(entries=(WAIVER,) * bool(waived), today=TODAY))
        return Report(
            contract=contract,
            verdicts=reach(contract, ledger, replace(given, strict=settings.strict)),
            settings=settings,
            base_url="http://localhost:1",
            path="/api/analyses/{analysis_id}",
            rerun="again",
            seconds=1.25,
        )

    return make


@pytest.fixture
def every_way(made: Making) -> Report:
    """Kept, broken, broken without counting, waived, not implemented, unobserved, and an overdue
    waiver.
    """
    return made(
        deviation("finalize.once"),
        deviation("errors.message", seen=1),
        waived=deviation("get.safe"),
        unseen={"get.absent": "the target answers 404 for analyses of others too"},
        troubles=("one reset", "another"),
        scope=Scope(removes=False, waivers=Waivers(entries=(WAIVER, OVERDUE), today=TODAY)),
    )


@pytest.fixture
def hostile(made: Making) -> Report:
    """A run in which everything that a target can say is markup, controls and escapes."""
    said = deviation("finalize.once", expected=NASTY, actual=NASTY)
    return made(
        replace(said, timeline=(NASTY,)),
        deviation("errors.message", actual=NASTY),
        waived=deviation("get.safe", actual=NASTY),
        unseen={"get.absent": NASTY},
        troubles=(NASTY,),
    )
