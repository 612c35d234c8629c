"""`junit.xml`: a test case a clause, for what reads test results. See docs/report.md.

What is skipped, failed or an error here goes by the verdict, so that a reader that only knows
these comes to the same end as the exit code: a broken clause that does not count against the run
passes, and says so in its output.
"""

from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from virtool_contract import __version__
from virtool_contract.reports import text
from virtool_contract.reports.plain import one_line, plain
from virtool_contract.reports.report import Report
from virtool_contract.verdict import Outcome, Rotten, RunOutcome, Verdict, counts_against

SUITE = "virtool-contract"


def render(report: Report) -> bytes:
    """The report as XML in UTF-8."""
    cases = [*_cases(report)]
    counts = {
        "tests": str(len(cases)),
        "failures": _count(cases, "failure"),
        "errors": _count(cases, "error"),
    }
    time = f"{report.seconds:.3f}"
    root = Element("testsuites", {"name": SUITE, "time": time, **counts})
    skipped = _count(cases, "skipped")
    suite = SubElement(
        root, "testsuite", {"name": SUITE, "time": time, **counts, "skipped": skipped}
    )
    properties = SubElement(suite, "properties")
    for name, value in _properties(report):
        SubElement(properties, "property", {"name": one_line(name), "value": one_line(value)})
    suite.extend(cases)
    if report.verdicts.troubles:
        SubElement(suite, "system-err").text = plain("\n".join(report.verdicts.troubles))
    indent(root)
    content: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return content + b"\n"


def _count(cases: list[Element], kind: str) -> str:
    return str(sum(case.find(kind) is not None for case in cases))


def _properties(report: Report) -> Iterator[tuple[str, str]]:
    """What holds for the run; also level and source of each clause.

    The schema of Jenkins has no properties within a test case.
    """
    settings = report.settings
    yield "suite", __version__
    yield "contract", report.contract.version
    yield "target", report.base_url
    yield "effort", settings.effort
    yield "seed", str(settings.seed)
    yield "strict", str(settings.strict).lower()
    yield "verdict", str(report.verdicts.outcome)
    yield "requests", str(report.verdicts.requests)
    for adaptation in report.adaptations:
        yield "adaptation", adaptation
    for clause in report.contract.clauses.values():
        yield f"level.{clause.id}", clause.level
        yield f"source.{clause.id}", clause.source


def _cases(report: Report) -> Iterator[Element]:
    for verdict in report.verdicts.clauses:
        yield _clause(report, verdict)
    for rotten in report.verdicts.rotten:
        yield _waiver(rotten)
    if report.verdicts.outcome is RunOutcome.COULD_NOT_TEST:
        yield _run(report.verdicts.problem)


def _clause(report: Report, verdict: Verdict) -> Element:
    clause = verdict.clause
    case = _case(clause.operation or "contract", clause.id)
    said = [
        f"{clause.id} ({clause.level}): {clause.says}",
        f"  source    {clause.source}",
        f"  verdict   {verdict.outcome} ({verdict.observations} observations)",
    ]
    if verdict.deviation and counts_against(clause, strict=report.settings.strict):
        message = f"expected {verdict.deviation.expected}; received {verdict.deviation.actual}"
        _add(case, "failure", "broken", message).text = _shown(report, verdict)
    elif verdict.deviation:
        said = [_shown(report, verdict), "  It does not count against the run without --strict."]
    elif verdict.outcome is not Outcome.KEPT:
        _add(case, "skipped", str(verdict.outcome), _why(verdict))
    if verdict.waived:
        said += ["", *_waived(report, verdict)]
    SubElement(case, "system-out").text = plain("\n".join(said))
    return case


def _shown(report: Report, verdict: Verdict) -> str:
    assert verdict.deviation
    return plain("\n".join(text.shown(report, verdict.deviation)))


def _why(verdict: Verdict) -> str:
    """Why a clause was neither kept nor broken."""
    if verdict.waived:
        return "; ".join(
            f"waived until {each.waiver.expires}: {each.waiver.reason}" for each in verdict.waived
        )
    return verdict.reason or "never observed"


def _waived(report: Report, verdict: Verdict) -> Iterator[str]:
    for each in verdict.waived:
        yield f"waived by {each.waiver.place} until {each.waiver.expires}: {each.waiver.reason}"
        yield from text.shown(report, each.deviation)


def _waiver(rotten: Rotten) -> Element:
    """A waiver that fails the run."""
    case = _case("waivers", f"{rotten.waiver.clause} ({rotten.waiver.place})")
    _add(case, "failure", rotten.kind, rotten.says)
    return case


def _run(problem: str) -> Element:
    """Why the run could not test."""
    case = _case("contract", "run")
    _add(case, "error", str(RunOutcome.COULD_NOT_TEST), problem)
    return case


def _case(classname: str, name: str) -> Element:
    return Element("testcase", {"classname": one_line(classname), "name": one_line(name)})


def _add(case: Element, kind: str, name: str, message: str) -> Element:
    return SubElement(case, kind, {"type": name, "message": plain(message)})
