"""Scenarios: the requests that led to a finding, symbolic, so that they can be sent again."""

import base64
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from virtool_contract.body import Body, classify, with_members
from virtool_contract.contract import Contract
from virtool_contract.disguises import in_shell
from virtool_contract.json_values import Json
from virtool_contract.model import Caller
from virtool_contract.subject import mate

BYSTANDER = "bystander"
"""The label of the analysis that the `other job` runs, which nobody else may touch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One request: an operation on the subject with a label, by a caller, perhaps with a body.

    With a `disguise`, it goes to an id that only looks like the subject's.
    """

    subject: str
    operation: str
    caller: Caller = Caller.OWNER
    body: Body | None = None
    disguise: str = ""

    def to_json(self) -> dict[str, Any]:
        """The step for a report; a body that is not UTF-8 goes as base64."""
        shape: dict[str, Any] = {
            "subject": self.subject,
            "operation": self.operation,
            "caller": str(self.caller),
        }
        if self.disguise:
            shape["disguise"] = self.disguise
        if self.body is not None:
            shape["media_type"] = self.body.media_type
            try:
                shape["body"] = self.body.raw.decode()
            except UnicodeDecodeError:
                shape["body_base64"] = base64.b64encode(self.body.raw).decode()
        return shape

    @classmethod
    def from_json(cls, shape: Mapping[str, Any]) -> "Step":
        """The step that a report holds.

        Raises:
            KeyError, ValueError: not such a shape.
        """
        body = None
        if "media_type" in shape:
            encoded = shape.get("body_base64")
            raw = (
                base64.b64decode(encoded, validate=True)
                if encoded is not None
                else shape["body"].encode()
            )
            body = classify(raw, shape["media_type"])
        return cls(
            subject=shape["subject"],
            operation=shape["operation"],
            caller=Caller(shape["caller"]),
            body=body,
            disguise=shape.get("disguise", ""),
        )


def needed(subjects: Mapping[str, str], steps: Iterable[Step]) -> dict[str, str]:
    """Those of the subjects that steps name, and those whose sample they are of."""
    named = {step.subject for step in steps}
    for label, state in reversed(list(subjects.items())):
        if label in named:
            named.add(mate(state))
    return {label: state for label, state in subjects.items() if label in named}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Steps over labelled subjects; `subjects` says what each must be before the first step.

    A subject is `pending` (with or without files, perhaps of the sample of an earlier one) or
    `absent` (an id that nobody has); see `subject.STATE`. With `together`, the steps are a race:
    all are sent at once.
    """

    subjects: Mapping[str, str]
    steps: tuple[Step, ...]
    together: bool = False

    def without(self, first: int, count: int = 1) -> "Scenario":
        """The scenario less some steps, and less the subjects that no step needs any more."""
        steps = self.steps[:first] + self.steps[first + count :]
        return replace(self, subjects=needed(self.subjects, steps), steps=steps)

    def without_last_write(self) -> "Scenario":
        """The scenario less the last step that is no read; itself where there is none."""
        writes = [n for n, step in enumerate(self.steps) if step.operation != "get"]
        return self.without(writes[-1]) if writes and not self.together else self

    def to_json(self) -> dict[str, Any]:
        """The scenario for a report."""
        return {
            "subjects": dict(self.subjects),
            "together": self.together,
            "steps": [step.to_json() for step in self.steps],
        }

    @classmethod
    def from_json(cls, shape: Mapping[str, Any]) -> "Scenario":
        """The scenario that a report holds.

        Raises:
            KeyError, ValueError: not such a shape.
        """
        steps = tuple(map(Step.from_json, shape["steps"]))
        return cls(subjects=dict(shape["subjects"]), steps=steps, together=shape["together"])


def as_curl(
    contract: Contract,
    scenario: Scenario,
    path: str = "",
    extra_body_fields: Mapping[str, Json] | None = None,
) -> Iterator[str]:
    """The scenario as shell lines; ids and keys come from environment variables.

    `path` is the target's, where it is not the contract's; `extra_body_fields` what it wants in
    every body.

    For a subject A: `A_ID`, and `A_JOB` and `A_KEY` of the job that runs it; `IDLE_JOB` and
    `IDLE_KEY` of a job that runs no analysis; `BASE_URL` is the target.
    """
    for variables, what in needs(scenario):
        yield f"# {listed(variables)}: {what}"
    for step in scenario.steps:
        if step.body is not None and extra_body_fields:
            raw = with_members(step.body.raw, extra_body_fields)
            step = replace(step, body=replace(step.body, raw=raw))  # noqa: PLW2901 - as it is sent
        yield _curl(contract, scenario, step, path or contract.path) + " &" * scenario.together
    if scenario.together:
        yield "wait"


def needs(scenario: Scenario) -> Iterator[tuple[tuple[str, ...], str]]:
    """The environment variables that its requests are made of, beside `BASE_URL`; what they are."""
    for label, state in scenario.subjects.items():
        name = variable(label)
        if state == "absent":
            yield (f"{name}_ID",), "an id that nobody has"
        else:
            own = (f"{name}_ID", f"{name}_JOB", f"{name}_KEY")
            yield own, f"an analysis, {state}, and its job"
    owners = {owner(scenario, step) for step in scenario.steps}
    callers = {step.caller for step in scenario.steps}
    others = {Caller.OTHER_JOB, Caller.SWAPPED_KEY, Caller.FOREIGN_ID}
    if (callers & others or BYSTANDER in owners) and BYSTANDER not in scenario.subjects:
        yield ("BYSTANDER_JOB", "BYSTANDER_KEY"), "a job that runs another analysis"
    if callers & {Caller.FINISHED_JOB, Caller.FINISHED_KEY}:
        what = "a job that has finalized the analysis it ran"
        yield ("FINISHED_JOB", "FINISHED_KEY"), what
    if Caller.REMOVED_JOB in callers:
        what = "a job that has removed the analysis it ran"
        yield ("REMOVED_JOB", "REMOVED_KEY"), what
    if Caller.OTHER_WORKFLOW in callers:
        yield ("IDLE_JOB", "IDLE_KEY"), "a job that runs no analysis"


def listed(variables: tuple[str, ...]) -> str:
    """Their names in a sentence."""
    *first, last = variables
    return f"{', '.join(first)} and {last}" if first else last


def owner(scenario: Scenario, step: Step) -> str:
    """Whose key a step uses, or spoils: the subject's, or the bystander's where nobody runs it."""
    absent = scenario.subjects.get(step.subject) == "absent"
    return BYSTANDER if absent and step.caller is not Caller.ANONYMOUS else step.subject


def _curl(contract: Contract, scenario: Scenario, step: Step, path: str) -> str:
    before, words = "", ["curl -isS", *curl_words(contract, scenario, step, path)]
    if step.body is not None:
        before, data = shell_data(step.body.raw)
        words.append(f"--data-binary {data}")
    return " ".join(filter(None, [before, *words]))


def curl_words(contract: Contract, scenario: Scenario, step: Step, path: str) -> list[str]:
    """What curl is told of a step, but for its body; quoted for a shell."""
    method = contract.operations[step.operation].method
    name = f"{variable(step.subject)}_ID"
    where = path.replace("{analysis_id}", in_shell(name, step.disguise))
    words = [f"-X {method}", f'"$BASE_URL{where}"', _user(step, variable(owner(scenario, step)))]
    if step.body is not None:
        words.append(f"-H {shlex.quote(f'Content-Type: {step.body.media_type}')}")
    return [word for word in words if word]


def _user(step: Step, own: str) -> str:
    users = {
        Caller.OWNER: f'-u "job-${own}_JOB:${own}_KEY"',
        Caller.OTHER_JOB: '-u "job-$BYSTANDER_JOB:$BYSTANDER_KEY"',
        Caller.OTHER_WORKFLOW: '-u "job-$IDLE_JOB:$IDLE_KEY"',
        Caller.FINISHED_JOB: '-u "job-$FINISHED_JOB:$FINISHED_KEY"',
        Caller.REMOVED_JOB: '-u "job-$REMOVED_JOB:$REMOVED_KEY"',
        Caller.FOREIGN_ID: f'-u "job-$BYSTANDER_JOB:${own}_KEY"',
        Caller.WRONG_SCHEME: f'-H "Authorization: Bearer ${own}_KEY"',
        Caller.WRONG_KEY: f'-u "job-${own}_JOB:wrong"',
        Caller.ANONYMOUS: "",
        Caller.TRUNCATED_KEY: f'-u "job-${own}_JOB:${{{own}_KEY%????}}"',
        Caller.EXTENDED_KEY: f'-u "job-${own}_JOB:${{{own}_KEY}}x"',
        Caller.OTHER_CASE: f'-u "job-${own}_JOB:${{{own}_KEY~~}}"',
        Caller.EXTENDED_ID: f'-u "job-${{{own}_JOB}}x:${own}_KEY"',
        Caller.SWAPPED_KEY: f'-u "job-${own}_JOB:$BYSTANDER_KEY"',
        Caller.FINISHED_KEY: f'-u "job-${own}_JOB:$FINISHED_KEY"',
        Caller.EMPTY_KEY: f'-u "job-${own}_JOB:"',
        Caller.JOB_ID_AS_KEY: f'-u "job-${own}_JOB:${own}_JOB"',
        Caller.MALFORMED: "-H 'Authorization: Basic !'",
    }
    return users[step.caller]


SHOWN_DATA = 2000


def shell_data(raw: bytes) -> tuple[str, str]:
    """What comes before curl, and its data argument.

    A body that a shell word cannot hold (NUL, a final line feed), or that curl would take for the
    name of a file, is piped in through printf's escapes.
    """
    text = raw.decode(errors="replace")
    if len(raw) > SHOWN_DATA:
        return "", f"@body-of-{len(raw)}-bytes.json  # in report.json"
    if text.encode() == raw and text.isprintable() and not text.startswith("@"):
        return "", shlex.quote(text)
    escaped = "".join(
        chr(byte) if 32 <= byte < 127 and byte not in b"\\%'-" else f"\\{byte:03o}" for byte in raw
    )
    return f"printf '{escaped}' |", "@-"


def variable(label: str) -> str:
    """How the variables of a subject begin."""
    return label.upper().replace("-", "_")
