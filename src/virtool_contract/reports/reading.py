"""Reads a `report.json` back: verdicts as values, to compare them and to play their scenarios.

The file may be anybody's. Whatever is wrong with it is one line that says where.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from virtool_contract.contract import Clause
from virtool_contract.json_values import Json, NotJsonError, parse
from virtool_contract.ledger import Deviation
from virtool_contract.options import OptionError
from virtool_contract.race import MOST_CLIENTS
from virtool_contract.reports.json import VERSION
from virtool_contract.reports.plain import one_line
from virtool_contract.reports.report_schema import SCHEMA
from virtool_contract.scenario import BYSTANDER
from virtool_contract.subject import FINISHED, mate
from virtool_contract.tally import Seen, Tally
from virtool_contract.verdict import Outcome, Rotten, RunOutcome, Verdict, Waived
from virtool_contract.waivers import Waiver

HINT = "try the report.json that `virtool-contract verify --report-dir DIR` writes"
SHOWN = 120
"""So many characters of what is wrong are shown."""


class ReportError(OptionError):
    """A file is no report that can be read; the message names it and says what would work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A run as its report has it; `file` is where that was read.

    `clauses` are its verdicts by the id of the clause, in the order of the contract. Of a clause
    that is read back, `operation`, `judges` and `line` are not known. `tally` is None where the
    report does not have all that can be added up, as those of earlier versions do not.
    """

    file: str
    contract: str
    target: str
    effort: str
    seed: int
    outcome: RunOutcome
    strict: bool = False
    problem: str
    requests: int = 0
    seconds: float = 0.0
    adaptations: tuple[str, ...] = ()
    troubles: tuple[str, ...] = ()
    tally: Tally | None = None
    rotten: tuple[Rotten, ...] = ()
    clauses: Mapping[str, Verdict]

    def shown(self, clause: str) -> Deviation | None:
        """How a clause was seen to break, be it waived or not."""
        verdict = self.clauses.get(clause)
        if verdict is None:
            return None
        waived = next((each.deviation for each in verdict.waived), None)
        return verdict.deviation or waived

    @property
    def showing(self) -> list[str]:
        """The clauses that were seen to break."""
        return [clause for clause in self.clauses if self.shown(clause)]


def read(file: str) -> Recorded:
    """Read a report.

    Raises:
        ReportError: it cannot be read, or is none.
    """
    try:
        shape = parse(Path(file).read_bytes())
    except OSError as error:
        raise ReportError(f"{one_line(file)}: cannot be read ({error.strerror}); {HINT}") from None
    except ValueError as error:  # not JSON, or a path with NUL in it
        why = "is not JSON" if isinstance(error, NotJsonError) else "cannot be read"
        raise ReportError(f"{one_line(file)}: {why} ({one_line(str(error))}); {HINT}") from None
    _check_version(file, shape)
    try:
        wrong = next(_validator().iter_errors(shape), None)
    except UnicodeEncodeError:
        raise _no_report(file, "a lone surrogate is where none can be") from None
    if wrong is not None:
        where = "".join(f"/{part}" for part in wrong.instance_path) or "the whole of it"
        raise _no_report(file, f"{where}: {wrong.message}")
    try:
        return _recorded(file, shape)
    except ValueError as error:
        raise _no_report(file, str(error)) from None


@cache
def _validator() -> Any:  # noqa: ANN401 - it has no public type
    return jsonschema_rs.Draft202012Validator(SCHEMA, validate_formats=True)


def _no_report(file: str, why: str) -> ReportError:
    said = one_line(why)
    said = said if len(said) <= SHOWN else f"{said[:SHOWN]}…"
    return ReportError(f"{one_line(file)}: is no report ({said}); {HINT}")


def _check_version(file: str, shape: Json) -> None:
    version = shape.get("version") if isinstance(shape, dict) else None
    if isinstance(version, int) and version != VERSION:
        raise ReportError(
            f"{one_line(file)}: a report of version {str(version)[:9]}, and this virtool-contract "
            f"reads version {VERSION}; write it anew, or use the virtool-contract that wrote it"
        )


def _recorded(file: str, shape: Mapping[str, Any]) -> Recorded:
    verdicts = [_verdict(each) for each in shape["clauses"]]
    clauses = {verdict.clause.id: verdict for verdict in verdicts}
    if len(clauses) < len(verdicts):
        raise ValueError("/clauses: a clause is there twice")
    return Recorded(
        file=file,
        contract=shape["contract"],
        target=shape["target"],
        effort=shape["effort"],
        seed=shape["seed"],
        outcome=RunOutcome(shape["verdict"]),
        strict=shape["strict"],
        problem=shape["problem"],
        requests=shape.get("requests", 0),
        seconds=shape.get("seconds", 0.0),
        adaptations=tuple(shape.get("adaptations", ())),
        troubles=tuple(shape.get("troubles", ())),
        tally=_tally(shape),
        rotten=tuple(
            Rotten(waiver=_waiver(each["waiver"]), kind=each["kind"])
            for each in shape.get("waivers", ())
        ),
        clauses=clauses,
    )


def _tally(shape: Mapping[str, Any]) -> Tally | None:
    latencies = shape.get("latencies", {})
    if "answers" not in shape or any("histogram" not in each for each in latencies.values()):
        return None
    tally = Tally()
    for each in shape["answers"]:
        tally.answers[Seen(**{name: each[name] for name in Seen._fields})] += each["count"]
    for operation, each in latencies.items():
        tally.count_latencies(operation, each["histogram"])
    return tally


def _verdict(shape: Mapping[str, Any]) -> Verdict:
    deviation = next((_deviation(shape["id"], each) for each in shape["violations"]), None)
    outcome = Outcome(shape["verdict"])
    waived = tuple(_waived(shape["id"], each) for each in shape["waived"])
    if (deviation is not None) is not (outcome is Outcome.BROKEN):
        count = len(shape["violations"])
        raise ValueError(f"{shape['id']}: is {outcome}, and has {count} violations")
    clause = Clause(
        id=shape["id"],
        level=shape["level"],
        says=shape["says"],
        source=shape["source"],
        operation="",
        judges=(),
    )
    return Verdict(
        clause=clause,
        outcome=outcome,
        observations=shape["observations"],
        deviation=deviation,
        waived=waived,
        reason=shape["reason"],
    )


def _waived(clause: str, shape: Mapping[str, Any]) -> Waived:
    deviation = _deviation(clause, shape["deviation"])
    return Waived(waiver=_waiver(shape["waiver"]), deviation=deviation, count=shape["count"])


def _waiver(entry: Mapping[str, Any]) -> Waiver:
    known = {key: entry[key] for key in Waiver.__dataclass_fields__ if key in entry}
    return Waiver(**{**known, "expires": date.fromisoformat(entry["expires"])})


def _deviation(clause: str, shape: Mapping[str, Any]) -> Deviation:
    """A deviation whose scenario can be played.

    Raises:
        ValueError: it cannot.
    """
    try:
        deviation = Deviation.from_json(shape)
    except KeyError as error:
        raise ValueError(f"{clause}: a body without {error}") from None
    scenario = deviation.scenario
    missing = {step.subject for step in scenario.steps} - set(scenario.subjects)
    if missing:
        raise ValueError(f"{clause}: subject {min(missing)} is not among its subjects")
    before: set[str] = {"", BYSTANDER, FINISHED}
    for label, state in scenario.subjects.items():
        if mate(state) not in before:
            raise ValueError(f"{clause}: subject {label} is of the sample of one not before it")
        before.add(label)
    if scenario.together and len(scenario.steps) > MOST_CLIENTS:
        raise ValueError(f"{clause}: a race of {len(scenario.steps)} requests")
    if deviation.clause != clause:
        raise ValueError(f"{clause}: has a violation of another clause")
    return deviation
