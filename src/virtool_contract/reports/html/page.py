"""What the page shows of the verdicts: chapters as the documentation has them, and what broke."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from virtool_contract.ledger import Deviation
from virtool_contract.reports import text
from virtool_contract.reports.html import sequences
from virtool_contract.reports.html.sequences import Sequence, Span
from virtool_contract.reports.report import Report
from virtool_contract.verdict import Outcome, Verdict, Waived, counts_against

SHOWN = 4000
"""So many characters are shown of what a target sent; `report.json` has all there is."""
LISTED = 20
"""So many broken clauses are listed at the top."""
EVERYWHERE = "Every operation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A deviation with all that the page shows of it; `events` are the timeline of a race."""

    deviation: Deviation
    expected: str
    received: str
    frequency: str
    sequence: Sequence
    events: tuple[Span, ...]
    commands: str
    rerun: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One clause; `counts` says whether breaking it fails the run."""

    verdict: Verdict
    counts: bool
    broken: Shown | None
    waived: tuple[tuple[Waived, Shown], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """The clauses of one operation, or those of all of them."""

    title: str
    endpoint: str
    summary: str
    entries: tuple[Entry, ...]

    @property
    def counts(self) -> tuple[tuple[Outcome, int], ...]:
        """How many clauses have which verdict."""
        return tallied(entry.verdict for entry in self.entries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The whole of it; `broken` are the clauses to list at the top, `more` is how many are not."""

    chapters: tuple[Chapter, ...]
    counts: tuple[tuple[Outcome, int], ...]
    broken: tuple[Entry, ...]
    more: int


def view(report: Report) -> Page:
    """The page of a report."""
    chapters = tuple(_chapters(report))
    entries = [entry for chapter in chapters for entry in chapter.entries]
    broken = sorted((entry for entry in entries if entry.broken), key=lambda each: not each.counts)
    return Page(
        chapters=chapters,
        counts=tallied(report.verdicts.clauses),
        broken=tuple(broken[:LISTED]),
        more=len(broken[LISTED:]),
    )


WORST_FIRST = (
    Outcome.BROKEN,
    Outcome.WAIVED,
    Outcome.KEPT,
    Outcome.NOT_IMPLEMENTED,
    Outcome.UNOBSERVED,
)


def tallied(verdicts: Iterable[Verdict]) -> tuple[tuple[Outcome, int], ...]:
    """How many clauses have which verdict, worst first; those that none has are left out."""
    counts = Counter(verdict.outcome for verdict in verdicts)
    return tuple((outcome, counts[outcome]) for outcome in WORST_FIRST if counts[outcome])


def _chapters(report: Report) -> Iterable[Chapter]:
    """Operations first, as the page has them; what holds for all of them is no chapter of it."""
    (described,) = report.contract.document["paths"].values()
    for operation in report.contract.operations.values():
        method = operation.method
        yield Chapter(
            title=operation.id.capitalize(),
            endpoint=f"{method} {report.contract.path}",
            summary=described[method.lower()].get("summary", ""),
            entries=_entries(report, operation.id),
        )
    yield Chapter(title=EVERYWHERE, endpoint="", summary="", entries=_entries(report, ""))


def _entries(report: Report, operation: str) -> tuple[Entry, ...]:
    return tuple(
        Entry(
            verdict=verdict,
            counts=counts_against(verdict.clause, strict=report.settings.strict),
            broken=_shown(report, verdict.deviation) if verdict.deviation else None,
            waived=tuple((each, _shown(report, each.deviation)) for each in verdict.waived),
        )
        for verdict in report.verdicts.clauses
        if verdict.clause.operation == operation
    )


def _shown(report: Report, deviation: Deviation) -> Shown:
    return Shown(
        deviation=deviation,
        expected=sequences.cut(deviation.expected, SHOWN),
        received=sequences.cut(deviation.actual, SHOWN),
        frequency=text.frequency(deviation),
        sequence=sequences.sequence(report.contract, deviation),
        events=sequences.spans(deviation.timeline),
        commands="\n".join(text.as_shell(report, deviation)),
        rerun=f"{report.rerun} -k {deviation.clause}",
    )
