"""What GitHub Actions shows of a run: a summary of the step in Markdown, and annotations."""

import html
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from virtool_contract.ledger import Deviation
from virtool_contract.reports import text
from virtool_contract.reports.markdown import code, cut, marked
from virtool_contract.reports.plain import plain
from virtool_contract.reports.report import Report
from virtool_contract.verdict import Outcome, RunOutcome, Verdict, counts_against

ROOM = 1024 * 1024 - 1
"""Bytes that GitHub takes of the summary of one step; it shows nothing of a larger one."""
ANNOTATIONS = 10
"""So many of each kind are shown of one step."""
MESSAGE = 1000
"""Characters of a text elsewhere."""
FREQUENCIES = ("always", "sometimes", "once")
KINDS: Mapping[str, str] = {"must": "error", "should": "warning", "may": "notice"}
WORST_FIRST = (Outcome.BROKEN, Outcome.WAIVED, Outcome.NOT_IMPLEMENTED, Outcome.UNOBSERVED)


def tell(report: Report, environment: Mapping[str, str]) -> str:
    """Append to the summary of the step; gives the annotations, to be printed.

    It does nothing, and gives nothing, elsewhere than in GitHub Actions. That the summary cannot be
    written is no fault of the target: it is the first warning.
    """
    if environment.get("GITHUB_ACTIONS") != "true":
        return ""
    trouble = _append(report, environment.get("GITHUB_STEP_SUMMARY", ""))
    return "".join(f"{line}\n" for line in annotations(report, trouble))


def _append(report: Report, name: str) -> str:
    """Append the summary to a file, where there is one; what is wrong with that, if anything is."""
    if not name:
        return ""
    try:
        with Path(name).open("ab") as file:
            content = render(report, ROOM - file.tell())
            file.write(content)
    except OSError as error:
        return f"the step summary {name!r} cannot be written: {error.strerror}"
    return "" if content else f"the step summary {name!r} has no room left"


# The summary


def render(report: Report, room: int = ROOM) -> bytes:
    """The summary as UTF-8 Markdown of at most `room` bytes; nothing where that is too little."""
    head = "\n".join(_head(report))
    rows = [_row(report, verdict) for verdict in _not_kept(report)]
    details = [*_details(report)]
    left = room - len((head + _left_out(len(rows) + len(details))).encode())
    if left < 0:
        return b""
    shown = [head]
    parts = [*_fitting([TABLE + rows[0], *rows[1:]] if rows else [], left)]
    shown += parts
    left -= len("".join(parts).encode())
    more = [*_fitting(details, left)]
    shown += more
    missing = len(rows) + len(details) - len(parts) - len(more)
    return "".join([*shown, _left_out(missing)]).encode()


def _fitting(pieces: Iterable[str], room: int) -> Iterator[str]:
    """The pieces that fit, in order; one that is too large does not keep the next ones out."""
    for piece in pieces:
        size = len(piece.encode())
        if size <= room:
            room -= size
            yield piece


def _left_out(count: int) -> str:
    where = "GitHub shows 1 MiB of a step. All is in the files of `--report-dir`."
    return f"\n{count} rows and sequences are left out: {where}\n" if count else ""


def _head(report: Report) -> Iterator[str]:
    verdicts = report.verdicts
    yield f"## Contract of the Virtool Jobs API: {verdicts.outcome}"
    for line in text.summary(verdicts, report.seconds).split("\n"):
        yield ""
        yield marked(line, MESSAGE)
    yield ""
    yield (
        f"Target {code(report.base_url)}, contract {marked(report.contract.version)}, effort "
        f"{report.settings.effort}, seed {report.settings.seed}."
    )
    for adaptation in report.adaptations:
        yield ""
        yield f"Adapted to the target: {marked(adaptation, MESSAGE)}."
    yield "\n"


TABLE = "| clause | level | verdict | what |\n|---|---|---|---|\n"


def _not_kept(report: Report) -> list[Verdict]:
    """All clauses that are not kept, worst first."""
    found = [each for each in report.verdicts.clauses if each.outcome is not Outcome.KEPT]
    return sorted(found, key=lambda each: (WORST_FIRST.index(each.outcome), *_rank(report, each)))


def _rank(report: Report, verdict: Verdict) -> tuple[bool, int]:
    """What makes one broken clause worse than another: that it counts, then how often it shows."""
    counts = counts_against(verdict.clause, strict=report.settings.strict)
    deviation = verdict.deviation
    return not counts, FREQUENCIES.index(deviation.frequency) if deviation else 0


def _row(report: Report, verdict: Verdict) -> str:
    if verdict.deviation:
        expected, actual = verdict.deviation.expected, verdict.deviation.actual
        what = f"expected {code(expected)}, received {code(actual)}"
        what += f"; {text.frequency(verdict.deviation)}"
        if not counts_against(verdict.clause, strict=report.settings.strict):
            what += "; does not count without `--strict`"
    elif verdict.waived:
        what = "; ".join(
            f"until {each.waiver.expires}: {marked(each.waiver.reason)}" for each in verdict.waived
        )
    else:
        what = marked(verdict.reason or "never observed")
    cells = (code(verdict.clause.id), verdict.clause.level, text.MARKS[verdict.outcome], what)
    return f"| {' | '.join(cells)} |\n"


def _details(report: Report) -> Iterator[str]:
    """What is folded away: waivers that fail the run, sequences, trouble on the way."""
    verdicts = report.verdicts
    if verdicts.rotten:
        yield _folded("Waivers that fail the run", "\n".join(each.says for each in verdicts.rotten))
    for verdict in _not_kept(report):
        if verdict.deviation:
            shown = "\n".join(text.shown(report, verdict.deviation))
            yield _folded(code(verdict.clause.id), shown)
    if verdicts.troubles:
        title = f"Trouble on the way ({len(verdicts.troubles)})"
        yield _folded(title, "\n".join(verdicts.troubles))


def _folded(title: str, content: str) -> str:
    escaped = html.escape(plain(content), quote=False)
    return f"\n<details><summary>{title}</summary>\n\n<pre>{escaped}</pre>\n\n</details>\n"


# Annotations


def annotations(report: Report, trouble: str = "") -> Iterator[str]:
    """Workflow commands, worst first, and no more of a kind than GitHub shows."""
    shown = dict.fromkeys(KINDS.values(), ANNOTATIONS)
    for kind, line in _annotations(report, trouble):
        if shown[kind]:
            shown[kind] -= 1
            yield line


def _annotations(report: Report, trouble: str) -> Iterator[tuple[str, str]]:
    if trouble:
        yield "warning", _command("warning", trouble, title="trouble on the way")
    if report.verdicts.outcome is RunOutcome.COULD_NOT_TEST:
        problem = cut(report.verdicts.problem, MESSAGE)
        yield "error", _command("error", problem, title=str(RunOutcome.COULD_NOT_TEST))
    for rotten in report.verdicts.rotten:
        waiver = rotten.waiver
        title = f"{waiver.clause}: the waiver is {rotten.kind}"
        place = {"file": waiver.file, "line": str(waiver.first)}
        yield "error", _command("error", rotten.says, title=title, **place)
    for verdict in _not_kept(report):
        if verdict.deviation:
            clause = verdict.clause
            counts = counts_against(clause, strict=report.settings.strict)
            kind = "error" if counts else KINDS[clause.level]
            said = f"{clause.says}\n{_seen(verdict.deviation)}"
            yield kind, _command(kind, said, title=f"{clause.id} ({clause.level}) is broken")


def _seen(deviation: Deviation) -> str:
    return (
        f"expected: {cut(deviation.expected, MESSAGE)}\n"
        f"received: {cut(deviation.actual, MESSAGE)}\n"
        f"seen: {text.frequency(deviation)}"
    )


IN_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
IN_PROPERTY = IN_DATA | str.maketrans({":": "%3A", ",": "%2C"})


def _command(kind: str, message: str, **properties: str) -> str:
    """A workflow command; what is in it cannot end it, or begin another one."""
    given = ",".join(
        f"{name}={plain(value).translate(IN_PROPERTY)}" for name, value in properties.items()
    )
    return f"::{kind} {given}::{plain(message).translate(IN_DATA)}"
