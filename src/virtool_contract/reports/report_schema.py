"""What a `report.json` must look like to be read back (JSON Schema 2020-12; docs/report.md).

Members that are not listed are allowed, for new ones may come. Labels of subjects end up in shell
scripts as names of variables, and media types in headers, so both are held to what the suite makes.
"""

from typing import Any, Final

from virtool_contract.contract_schema import LEVELS, SLUG
from virtool_contract.disguises import DISGUISES
from virtool_contract.model import Caller, Phase
from virtool_contract.option_values import EFFORTS
from virtool_contract.subject import STATE
from virtool_contract.tally import IN_DOUBT
from virtool_contract.verdict import Outcome, RunOutcome

TEXT: Final = {"type": "string"}
TEXTS: Final = {"type": "array", "items": TEXT}
COUNT: Final = {"type": "integer", "minimum": 0}
LABEL: Final = r"^[A-Za-z][A-Za-z0-9]*$"
PRINTABLE: Final = r"^[ -~]*$"
KINDS: Final = ("expired", "stale")
OPERATIONS: Final = ("get", "finalize", "remove")


def _object(required: dict[str, Any], **optional: Any) -> dict[str, Any]:  # noqa: ANN401 - schemas
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **optional},
    }


STEP: Final = _object(
    {
        "subject": {"type": "string", "pattern": LABEL},
        "operation": {"enum": list(OPERATIONS)},
        "caller": {"enum": [str(caller) for caller in Caller]},
    },
    disguise={"enum": list(DISGUISES)},
    media_type={"type": "string", "pattern": PRINTABLE},
    body=TEXT,
    body_base64=TEXT,
)
SCENARIO: Final = _object(
    {
        "subjects": {
            "type": "object",
            "propertyNames": {"pattern": LABEL},
            "additionalProperties": {"pattern": f"^({STATE})$"},
        },
        "together": {"type": "boolean"},
        "steps": {"type": "array", "minItems": 1, "items": STEP},
    }
)
DEVIATION: Final = _object(
    {
        "clause": TEXT,
        "expected": TEXT,
        "actual": TEXT,
        "replayed": _object({"broken": COUNT, "of": COUNT}),
        "scenario": SCENARIO,
        "topic": TEXT,
        "timeline": TEXTS,
        "unanswered": {"type": "boolean"},
    },
    request=TEXT,
)
WAIVER: Final = _object(
    {"clause": TEXT, "reason": TEXT, "expires": {"type": "string", "format": "date"}},
    issue=TEXT,
    owner=TEXT,
    observed=TEXT,
    effort={"enum": list(EFFORTS)},
    intermittent={"type": "boolean"},
    file=TEXT,
    first=COUNT,
    last=COUNT,
)
CLAUSE: Final = _object(
    {
        "id": {"type": "string", "pattern": SLUG},
        "level": {"enum": list(LEVELS)},
        "says": TEXT,
        "source": TEXT,
        "verdict": {"enum": [str(outcome) for outcome in Outcome]},
        "observations": COUNT,
        "reason": TEXT,
        "violations": {"type": "array", "maxItems": 1, "items": DEVIATION},
        "waived": {
            "type": "array",
            "items": _object({"waiver": WAIVER, "count": COUNT, "deviation": DEVIATION}),
        },
    }
)
ANSWERS: Final = _object(
    {
        "operation": {"enum": list(OPERATIONS)},
        "caller": {"enum": [str(caller) for caller in Caller]},
        "state": {"enum": [*map(str, Phase), IN_DOUBT]},
        "reason": {"type": "string", "pattern": f"^$|{SLUG}"},
        "status": {"type": "integer", "minimum": 0, "maximum": 999},
        "right": {"type": "boolean"},
        "count": COUNT,
    }
)
BUCKET: Final = {
    "type": "array",
    "prefixItems": [{"type": "number", "exclusiveMinimum": 0}, COUNT],
    "minItems": 2,
    "maxItems": 2,
}
LATENCIES: Final = _object({"answers": COUNT}, histogram={"type": "array", "items": BUCKET})
SCHEMA: Final = _object(
    {
        "version": {"const": 1},
        "contract": TEXT,
        "target": TEXT,
        "effort": TEXT,
        "seed": {"type": "integer"},
        "strict": {"type": "boolean"},
        "verdict": {"enum": [str(outcome) for outcome in RunOutcome]},
        "problem": TEXT,
        "clauses": {"type": "array", "items": CLAUSE},
    },
    requests=COUNT,
    seconds={"type": "number", "minimum": 0},
    adaptations=TEXTS,
    troubles=TEXTS,
    answers={"type": "array", "items": ANSWERS},
    latencies={
        "type": "object",
        "propertyNames": {"enum": list(OPERATIONS)},
        "additionalProperties": LATENCIES,
    },
    waivers={
        "type": "array",
        "items": _object({"kind": {"enum": list(KINDS)}, "waiver": WAIVER}),
    },
)
