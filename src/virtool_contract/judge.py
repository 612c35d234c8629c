"""Holds one answer against what is due: findings, each naming the clause it is about. Pure."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from virtool_contract.body import Kind
from virtool_contract.contract import Contract
from virtool_contract.documents import changed, compare, file_owners, leaks
from virtool_contract.exchange import Response
from virtool_contract.json_values import Json, NotJsonError, parse, show
from virtool_contract.model import Due, Phase
from virtool_contract.subject import Cause, Known

SHOWN_BODY = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A clause that was kept, or broken with what was expected and what came instead.

    `topic` is what was looked at, as in the contract's `judges`; of broken clauses only.
    """

    clause: str
    kept: bool
    expected: str = ""
    actual: str = ""
    topic: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What one answer shows; `document` is the answer's document where there is one.

    `surprised` says that the document is not the one that was known.
    """

    findings: tuple[Finding, ...]
    document: Mapping[str, Json] | None = None
    surprised: bool = False

    @property
    def broken(self) -> tuple[Finding, ...]:
        """The findings of broken clauses, the most telling first."""
        return tuple(finding for finding in self.findings if not finding.kept)


def judge(
    contract: Contract, due: Due, known: Known, response: Response, after: Known | None = None
) -> Judgement:
    """Judge one answer by status, headers and body, against what is due and what is known.

    `after` is the knowledge that a success leaves behind, where that is another than `known`.
    """
    judging = _Judging(contract, due, known, response, after or known)
    findings = tuple(judging.findings())
    return Judgement(findings=findings, document=judging.document, surprised=judging.surprised)


def describe(response: Response) -> str:
    """An answer for a message: status, media type and the first bytes of the body, in ASCII."""
    text = ascii(response.body[:SHOWN_BODY].decode(errors="replace"))[1:-1]
    more = "…" if len(response.body) > SHOWN_BODY else ""
    return " ".join(
        filter(None, (str(response.status), ascii(response.media_type)[1:-1], text + more))
    )


class _Judging:
    """One judgement in the making: the four inputs, and the document once it is parsed."""

    def __init__(
        self, contract: Contract, due: Due, known: Known, response: Response, after: Known
    ) -> None:
        self.contract = contract
        self.due = due
        self.known = known
        self.after = after
        self.response = response
        self.document: Mapping[str, Json] | None = None
        self.surprised = False

    @property
    def status(self) -> int:
        return self.response.status

    def clause(self, topic: str, operation: str | None = None) -> str:
        by = self.due.operation.id if operation is None else operation
        return self.contract.clause_for(by, topic)

    def kept(self, topic: str, operation: str | None = None) -> Finding:
        return Finding(clause=self.clause(topic, operation), kept=True)

    def broken(
        self, topic: str, expected: str, actual: str = "", operation: str | None = None
    ) -> Finding:
        return Finding(
            clause=self.clause(topic, operation),
            kept=False,
            expected=expected,
            actual=actual or describe(self.response),
            topic=topic,
        )

    def findings(self) -> Iterator[Finding]:
        if self.known.doubtful:
            yield from self.in_any_state()
        elif self.due.permits(self.status):
            if self.due.operation.success.covers(self.status) and not self.due.refused:
                yield from self.success()
            else:
                yield from self.refusal()
        else:
            yield from self.wrong_status()
        yield from self.status_class()
        if self.status >= 400:
            yield from self.error_body()

    # Status

    def in_any_state(self) -> Iterator[Finding]:
        """What holds whatever state the subject is in."""
        rights = {"unauthenticated", "not-own"} & set(self.due.reasons)
        if rights and 200 <= self.status < 300:
            yield from self.wrong_status()

    def wrong_status(self) -> Iterator[Finding]:
        if not self.due.refused:
            topic = "success.status" if 200 <= self.status < 300 else f"success.{self.due.kind}"
            lost = self.status == 404 and self.lost()
            yield lost or self.broken(topic, self.due.expected())
        elif self.due.kind is Kind.BEYOND_I_JSON and self.status >= 500:
            yield self.broken(f"success.{self.due.kind}", self.due.expected())
        elif not self.after_removal:
            yield self.broken(self.refused(self.due.reasons[0]), self.due.expected())
        else:
            yield from self.not_gone()

    def not_gone(self) -> Iterator[Finding]:
        """After a removal its owner gets 404 on every operation."""
        expected = "404, for the analysis was removed"
        gone = self.broken("effect", expected, operation="remove")
        absent = self.broken(self.refused("absent"), expected)
        yield from (gone, absent) if self.due.operation.id == "get" else (absent, gone)

    def lost(self) -> Finding | None:
        """A read of an analysis that should be there: gone by the last write's doing, if any."""
        cause = self.known.cause
        if self.due.operation.id != "get" or cause is None or not cause.is_write:
            return None
        expected = f"200, the analysis being {self.known.phase}"
        return self.broken(f"{cause.topic}.gone", expected, operation=cause.operation)

    @property
    def after_removal(self) -> bool:
        return self.known.removed and self.due.reasons == ("absent",)

    def refused(self, reason: str) -> str:
        if reason == "invalid-body":
            return f"refused.invalid-body.{self.due.flaw}"
        caller = str(self.due.caller).replace(" ", "-")
        return f"refused.{reason}.{caller}"

    def refusal(self) -> Iterator[Finding]:
        if not self.due.refused:
            yield self.kept(f"success.{self.due.kind}")
            return
        for reason in self.due.reasons:
            if reason == "absent" or self.due.lists(reason, self.status):
                yield self.kept(self.refused(reason))
        if self.after_removal:
            yield self.kept("effect", "remove")
        yield from self.preferred()

    def preferred(self) -> Iterator[Finding]:
        """The 403 that others should get where only a 4xx is a must (decision writes-by-others)."""
        if self.due.may_refuse:
            return  # the refusal may be about the body
        if self.due.reasons == ("not-own",) and self.due.operation.takes_body | self.is_remove:
            if self.status == 403:
                yield self.kept("preferred.not-own")
            else:
                yield self.broken("preferred.not-own", "403")

    @property
    def is_remove(self) -> bool:
        return self.due.operation.success.leaves == Phase.ABSENT

    def status_class(self) -> Iterator[Finding]:
        if self.due.kind is Kind.BEYOND_I_JSON:
            return  # finalize.beyond-i-json alone answers for what these bodies do
        permitted = self.due.permits(self.status)
        if self.status >= 500 and not permitted:
            yield self.broken("server-error", "no 5xx")
            return
        yield self.kept("server-error")
        if permitted or self.due.operation.lists(self.status):
            yield self.kept("status")
        else:
            listed = ", ".join(answer.status for answer in self.due.operation.answers)
            yield self.broken("status", f"one of {listed}")

    # Error bodies

    def error_body(self) -> Iterator[Finding]:
        yield from self.leak()
        yield from self.label()
        message = self.message()
        if message:
            said = message.rstrip(".").casefold() in self.text().casefold()
            yield (
                self.kept("message") if said else self.broken("message", f'"{message}" in the body')
            )

    def text(self) -> str:
        """The body as text, JSON escapes undone where it is JSON."""
        try:
            value = parse(self.response.body)
        except NotJsonError:
            return self.response.body.decode(errors="replace")
        return "\n".join(_strings(value))

    def message(self) -> str:
        """The documented message for this status, where the refusal is due for its reason."""
        for answer in self.due.operation.answers:
            if answer.message and answer.covers(self.status):
                reasons = set(self.due.reasons)
                return answer.message if reasons & (answer.reasons - {"unauthenticated"}) else ""
        return ""

    def label(self) -> Iterator[Finding]:
        if not self.response.is_json or not self.response.body:
            return
        try:
            parse(self.response.body)
        except NotJsonError as error:
            yield self.broken("error-label", "JSON, as its media type says", str(error))
        else:
            yield self.kept("error-label")

    def leak(self) -> Iterator[Finding]:
        if not set(self.due.reasons) & {"not-own", "unauthenticated"}:
            return
        try:
            leaked = leaks(parse(self.response.body)) if self.response.body else False
        except NotJsonError:
            leaked = False
        yield self.broken("leak", "a refusal without the document") if leaked else self.kept("leak")

    # Documents

    def success(self) -> Iterator[Finding]:
        if not self.due.operation.success.schema:
            yield self.kept(f"success.{self.due.kind}")
            if self.response.body:
                yield self.broken("shape", "no body")
            else:
                yield self.kept("shape")
            return
        yield from self.labelled()
        document = self.parsed()
        if isinstance(document, Finding):
            yield document
            return
        yield self.kept("json")
        self.document = document
        if not self.known.doubtful:
            yield from self.surprises(document)
        yield from self.shape(document)
        yield from self.identity(document)

    def labelled(self) -> Iterator[Finding]:
        if self.response.is_json:
            yield self.kept("media-type")
        else:
            label = ascii(self.response.header("content-type") or "no Content-Type")
            yield self.broken("media-type", "application/json or a +json type", label)

    def parsed(self) -> Mapping[str, Json] | Finding:
        try:
            value = parse(self.response.body)
        except NotJsonError as error:
            return self.broken("json", "one well-formed JSON object", str(error))
        if not isinstance(value, dict):
            return self.broken("shape", "a JSON object", show(value))
        return value

    def shape(self, document: Mapping[str, Json]) -> Iterator[Finding]:
        """Errors of the schema.

        What is wrong with a member as such breaks its own clause and the document's; what is
        wrong inside a member breaks its own only.
        """
        schema = self.due.operation.success.schema
        wrong: dict[str, Finding] = {}
        for error in self.contract.validators[schema].iter_errors(_skeleton(document)):
            path = [str(part) for part in error.instance_path]
            member = path[0] if path else str(getattr(error.kind, "property", ""))
            topics = ["shape"] * (len(path) <= 1) + [f"shape.{member}"] * bool(member)
            actual = f"/{'/'.join(path)}: {ascii(_cut(error.message))[1:-1]}"
            for topic in topics:
                finding = self.broken(topic, f"the documented shape ({schema})", actual)
                wrong.setdefault(finding.clause, finding)
        yield from wrong.values()
        for topic in ("shape", "shape.files", "shape.results", "shape.ready"):
            if self.clause(topic) not in wrong:
                yield self.kept(topic)

    def identity(self, document: Mapping[str, Json]) -> Iterator[Finding]:
        wanted = {"/id": self.known.id, "/job/id": self.known.job_id}
        job = document.get("job")
        found = {
            "/id": document.get("id"),
            "/job/id": job.get("id") if isinstance(job, dict) else "",
        }
        for at, value in wanted.items():
            if value and found[at] and str(found[at]) != value:
                yield self.broken("identity", f"{at}: {value!a}", f"{at}: {show(found[at])}")
                return
        foreign = [each for each in file_owners(document) if str(each) != self.known.id]
        if foreign:
            expected = f"/files/…/analysis: {self.known.id!a}"
            yield self.broken("shape.files", expected, f"/files/…/analysis: {show(foreign[0])}")
        yield self.kept("identity")

    # What the document says of the state

    def surprises(self, document: Mapping[str, Json]) -> Iterator[Finding]:
        """Where the document is not the one that is known, by the doing of the last event."""
        cause = self.known.cause
        if self.after is not self.known:
            cause = Cause(operation=self.due.operation.id, topic="effect", kind=self.due.kind)
        if cause is None:
            return
        operation, topic, kind = cause.operation, cause.topic, cause.kind
        if topic == "effect" and operation != "get":
            wrong = compare(self.contract, self.after, document)
            aspects: tuple[str, ...] = ("ready", "results", "others", "stored")
        else:
            before = self.known.document or {}
            moved = changed(self.contract, before, document)
            wrong = {"others": ("the document as it was", moved)} if moved else {}
            aspects = ("others",)
        self.surprised = bool(wrong)
        blamed: set[str] = set()
        for aspect in sorted(aspects, key=lambda each: each not in wrong):
            name = f"{topic}.{aspect}.{kind}"
            clause = self.clause(name, operation)
            if clause not in blamed:
                blamed.add(clause)
                if aspect in wrong:
                    yield self.broken(name, *wrong[aspect], operation=operation)
                else:
                    yield Finding(clause=clause, kept=True)


def _skeleton(document: Mapping[str, Json]) -> Json:
    """A document without what is inside its results, which the schema does not look at.

    Lone surrogates, which the validator cannot take, are replaced wherever else they stand.
    """
    results = document.get("results")
    bare = {**document, "results": {}} if isinstance(results, dict) else document
    text = json.dumps(bare)
    return json.loads(SURROGATE.sub("?", text)) if SURROGATE.search(text) else bare


SURROGATE = re.compile(r"\\ud[89a-f][0-9a-f]{2}")
"""An escaped surrogate, lone or paired, in JSON that is otherwise ASCII."""


def _strings(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, str):
        yield value


def _cut(text: str, limit: int = 160) -> str:
    return text if len(text) <= limit else f"{text[:limit]}…"
