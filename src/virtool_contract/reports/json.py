"""`report.json`: the verdicts for machines. The shape is documented in docs/report.md."""

import json
from dataclasses import asdict
from typing import Any

from virtool_contract import __version__
from virtool_contract.reports.report import Report
from virtool_contract.tally import PERCENTILES, Tally
from virtool_contract.verdict import Rotten, Verdict, Waived
from virtool_contract.waivers import Waiver

VERSION = 1
"""Goes up when a member changes its meaning or goes away; new members do not raise it."""


def render(report: Report) -> bytes:
    """The report as UTF-8 JSON."""
    settings, verdicts = report.settings, report.verdicts
    shape = {
        "version": VERSION,
        "suite": __version__,
        "contract": report.contract.version,
        "target": report.base_url,
        "effort": settings.effort,
        "seed": settings.seed,
        "strict": settings.strict,
        "adaptations": list(report.adaptations),
        "verdict": str(verdicts.outcome),
        "problem": verdicts.problem,
        "requests": verdicts.requests,
        "seconds": round(report.seconds, 3),
        "troubles": list(verdicts.troubles),
        "waivers": [_rotten(each) for each in verdicts.rotten],
        "clauses": [_clause(verdict) for verdict in verdicts.clauses],
        "answers": [
            {**seen._asdict(), "count": count}
            for seen, count in sorted(verdicts.tally.answers.items())
        ],
        "latencies": {
            name: _latencies(verdicts.tally, name) for name in report.contract.operations
        },
    }
    return (json.dumps(shape, indent=2) + "\n").encode()


def _clause(verdict: Verdict) -> dict[str, Any]:
    clause = verdict.clause
    return {
        "id": clause.id,
        "level": clause.level,
        "says": clause.says,
        "source": clause.source,
        "verdict": str(verdict.outcome),
        "observations": verdict.observations,
        "reason": verdict.reason,
        "violations": [verdict.deviation.to_json()] if verdict.deviation else [],
        "waived": [_waived(each) for each in verdict.waived],
    }


def _waived(waived: Waived) -> dict[str, Any]:
    return {
        "waiver": _waiver(waived.waiver),
        "count": waived.count,
        "deviation": waived.deviation.to_json(),
    }


def _waiver(waiver: Waiver) -> dict[str, Any]:
    return {**asdict(waiver), "expires": waiver.expires.isoformat()}


def _latencies(tally: Tally, operation: str) -> dict[str, Any]:
    found = {
        f"p{share}": round(tally.percentile(operation, share / 100), 6) for share in PERCENTILES
    }
    histogram = [[round(seconds, 6), count] for seconds, count in tally.histogram(operation)]
    return {"answers": tally.answered(operation), **found, "histogram": histogram}


def _rotten(rotten: Rotten) -> dict[str, Any]:
    return {"kind": rotten.kind, "says": rotten.says, "waiver": _waiver(rotten.waiver)}
