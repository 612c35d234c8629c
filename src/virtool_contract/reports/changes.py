"""A comparison of two runs as text for a terminal, and as Markdown for a summary or a comment."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from virtool_contract.ledger import Deviation
from virtool_contract.reports.comparison import Change, Changed, Comparison
from virtool_contract.reports.markdown import marked
from virtool_contract.reports.plain import one_line
from virtool_contract.verdict import Verdict


def text(comparison: Comparison) -> str:
    """The comparison for a terminal; the last line says it all."""
    lines = [
        f"from {comparison.old.file} to {comparison.new.file}",
        *(f"  {note}" for note in comparison.notes),
    ]
    for change, clauses in _worth_telling(comparison):
        lines += ["", f"{change.capitalize()} ({len(clauses)}):"]
        for changed in clauses:
            clause = changed.verdict.clause
            lines.append(f"  {clause.id} ({clause.level}): {clause.says}")
            before, now = _sides(changed)
            lines += [f"    before    {before}"] * (change is not Change.STILL_BROKEN)
            lines += [f"    now       {now}"]
    return "".join(f"{one_line(line)}\n" for line in [*lines, "", summary(comparison)])


def markdown(comparison: Comparison) -> str:
    """The same as Markdown, in which nothing that a target sent is markup."""
    lines = [f"**{marked(summary(comparison))}**", ""]
    lines += [f"- {marked(note)}" for note in comparison.notes]
    lines += [""] * bool(comparison.notes)
    lines += ["| clause | level | change | before | now |", "|---|---|---|---|---|"]
    for change, clauses in _worth_telling(comparison):
        for changed in clauses:
            clause = changed.verdict.clause
            sides = map(marked, _sides(changed))
            cells = (f"`{clause.id}`", clause.level, str(change), *sides)  # an id is a slug
            lines.append(f"| {' | '.join(cells)} |")
    return "".join(f"{line}\n" for line in lines)


FORMATS: Mapping[str, Callable[[Comparison], str]] = MappingProxyType(
    {"text": text, "markdown": markdown}
)


def summary(comparison: Comparison) -> str:
    """How many clauses changed in which way, in one line."""
    counts = {change: len(comparison.of(change)) for change in Change}
    counted = ", ".join(f"{count} {change}" for change, count in counts.items() if count)
    since = f"since {comparison.old.file}: {counted or 'no clause in either'}"
    return since if comparison.newly_broken else f"nothing newly broken {since}"


def _worth_telling(comparison: Comparison) -> Iterator[tuple[Change, tuple[Changed, ...]]]:
    for change in Change:
        clauses = comparison.of(change)
        if clauses and change is not Change.UNCHANGED:
            yield change, clauses


def _sides(changed: Changed) -> tuple[str, str]:
    return _said(changed.before), _said(changed.now)


def _said(verdict: Verdict | None) -> str:
    if verdict is None:
        return "not in the contract"
    outcome = str(verdict.outcome)
    if received := _received(verdict):
        return f"{outcome}: {received}"
    return f"{outcome} ({verdict.reason})" if verdict.reason else outcome


def _received(verdict: Verdict) -> str:
    shown = _deviation(verdict)
    return shown.actual if shown else ""


def _deviation(verdict: Verdict) -> Deviation | None:
    return verdict.deviation or next((each.deviation for each in verdict.waived), None)
