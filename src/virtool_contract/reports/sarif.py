"""`report.sarif`: SARIF 2.1.0, for code scanning and its viewers. See docs/report.md.

Section numbers are those of the OASIS standard.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from virtool_contract import __version__
from virtool_contract.contract import Clause
from virtool_contract.json_values import Json
from virtool_contract.ledger import Deviation
from virtool_contract.reports import text
from virtool_contract.reports.plain import plain
from virtool_contract.reports.report import Report
from virtool_contract.scenario import Step
from virtool_contract.verdict import RunOutcome, Verdict, Waived, counts_against
from virtool_contract.waivers import Waiver

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS: Mapping[str, str] = {"must": "error", "should": "warning", "may": "note"}
BUNDLED = "spec/openapi.yaml"
"""Where the contract is in this project; a path of the machine would tell nobody anything."""

Shape = dict[str, Any]


def render(report: Report) -> bytes:
    """The report as UTF-8 JSON."""
    rules = {clause: index for index, clause in enumerate(report.contract.clauses)}
    run = {
        "tool": {
            "driver": {
                "name": "virtool-contract",
                "version": __version__,
                "rules": [_rule(clause) for clause in report.contract.clauses.values()],
            }
        },
        "invocations": [_invocation(report)],
        "results": [
            {"ruleIndex": rules[verdict.clause.id], **result}
            for verdict in report.verdicts.clauses
            for result in _results(report, verdict)
        ],
        "properties": _properties(report),
    }
    shape = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_plain(run)]}
    return (json.dumps(shape, indent=2) + "\n").encode()


def _plain(value: Json) -> Json:
    """The value with all of its texts safe to show: a viewer decodes what JSON escapes."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return plain(value) if isinstance(value, str) else value


def _properties(report: Report) -> Shape:
    settings = report.settings
    return {
        "contract": report.contract.version,
        "target": report.base_url,
        "effort": settings.effort,
        "seed": settings.seed,
        "strict": settings.strict,
        "verdict": str(report.verdicts.outcome),
        "adaptations": list(report.adaptations),
    }


def _rule(clause: Clause) -> Shape:
    return {
        "id": clause.id,
        "shortDescription": {"text": clause.says},
        "fullDescription": {"text": f"{clause.says} Source: {clause.source}."},
        "defaultConfiguration": {"level": LEVELS[clause.level]},
        "properties": {
            "level": clause.level,
            "source": clause.source,
            "operation": clause.operation,
            "tags": [clause.level, clause.operation or "contract"],
        },
    }


# What became of the run


def _invocation(report: Report) -> Shape:
    verdicts = report.verdicts
    tested = verdicts.outcome is not RunOutcome.COULD_NOT_TEST
    problems = [] if tested else [_notification("error", verdicts.problem)]
    troubles = [_notification("warning", trouble) for trouble in verdicts.troubles]
    rotten = [
        {**_notification("error", each.says), "locations": [_waiver_location(each.waiver)]}
        for each in verdicts.rotten
    ]
    return {
        "executionSuccessful": tested,
        "exitCode": verdicts.exit_code,
        "exitCodeDescription": str(verdicts.outcome),
        "toolExecutionNotifications": problems + troubles,
        "toolConfigurationNotifications": rotten,
    }


def _notification(level: str, said: str) -> Shape:
    return {"level": level, "message": {"text": said}}


# What was found


def _results(report: Report, verdict: Verdict) -> Iterator[Shape]:
    """The deviation that breaks a clause, and those that are waived."""
    counts = counts_against(verdict.clause, strict=report.settings.strict)
    level = "error" if counts else LEVELS[verdict.clause.level]
    found: list[tuple[Deviation, Waived | None]] = []
    if verdict.deviation:
        found.append((verdict.deviation, None))
    found += [(each.deviation, each) for each in verdict.waived]
    for place, (deviation, waived) in enumerate(found):
        yield {
            "ruleId": verdict.clause.id,
            "level": level,
            "message": {"text": _message(verdict.clause, deviation)},
            "locations": [_location(report, verdict.clause)],
            "partialFingerprints": _fingerprints(verdict.clause, waived if place else None),
            "codeFlows": list(_code_flows(report, verdict.clause, deviation)),
            "suppressions": [_suppression(waived.waiver)] if waived else [],
            "properties": _evidence(report, deviation),
        }


def _message(clause: Clause, deviation: Deviation) -> str:
    return (
        f"{clause.says}\nExpected: {deviation.expected}\nReceived: {deviation.actual}\n"
        f"Seen: {text.frequency(deviation)}"
    )


def _location(report: Report, clause: Clause) -> Shape:
    uri = _uri(report.settings.spec or BUNDLED)
    return _physical(uri, clause.line)


def _waiver_location(waiver: Waiver) -> Shape:
    return _physical(_uri(waiver.file), waiver.first)


def _physical(uri: str, line: int) -> Shape:
    return {
        "physicalLocation": {"artifactLocation": {"uri": uri}, "region": {"startLine": line}},
    }


def _uri(path: str) -> str:
    """A path as a URI, or as a reference to be read from where the run was started."""
    pure = PurePath(path)
    return pure.as_uri() if pure.is_absolute() else quote(pure.as_posix())


def _fingerprints(clause: Clause, further: Waived | None) -> dict[str, str]:
    """What makes this result the same as one of another run: its clause (3.27.17).

    What was seen differs between seeds, and which of several deviations comes first may too. A
    `further` result, beside the first of its clause, goes by the text of its waiver. The second
    name is the one that GitHub reads.
    """
    told = clause.id + (f"\n{further.waiver.observed}" if further else "")
    digest = hashlib.sha256(told.encode(errors="backslashreplace")).hexdigest()
    return {"clause/v1": digest, "primaryLocationLineHash": f"{digest[:16]}:1"}


def _code_flows(report: Report, clause: Clause, deviation: Deviation) -> Iterator[Shape]:
    """The scenario step by step; the requests of a race are as many threads (3.36)."""
    steps = [
        {"location": {**_location(report, clause), "message": {"text": _step(step)}}}
        for step in deviation.scenario.steps
    ]
    flows = [[step] for step in steps] if deviation.scenario.together else [steps]
    if steps:
        yield {"threadFlows": [{"locations": flow} for flow in flows]}


def _step(step: Step) -> str:
    disguise = f" (its id {step.disguise})" if step.disguise else ""
    return f"{step.operation} {step.subject}{disguise} by {step.caller}"


def _evidence(report: Report, deviation: Deviation) -> Shape:
    return {
        "expected": deviation.expected,
        "received": deviation.actual,
        "frequency": deviation.frequency,
        "replayed": {"broken": deviation.seen, "of": deviation.tried},
        "subjects": dict(deviation.scenario.subjects),
        "requests": list(text.as_shell(report, deviation)),
        "timeline": list(deviation.timeline),
    }


def _suppression(waiver: Waiver) -> Shape:
    extras = {"expires": str(waiver.expires), "issue": waiver.issue, "owner": waiver.owner}
    return {
        "kind": "external",
        "status": "accepted",
        "justification": waiver.reason,
        "location": _waiver_location(waiver),
        "properties": {name: value for name, value in extras.items() if value},
    }
