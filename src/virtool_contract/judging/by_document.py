"""Judges the document in an answer: its JSON, its shape, whose it is, and what it says."""

import json
import re
from collections.abc import Iterator, Mapping

from virtool_contract.documents import changes, compare, file_owners, settled
from virtool_contract.json_values import Json, NotJsonError, parse_once, show
from virtool_contract.judging.finding import Finding, Judging, kept
from virtool_contract.likeness import likeness
from virtool_contract.subject import Cause


class ByDocument(Judging):
    """The document against the contract's shape and what is known."""

    def success(self) -> Iterator[Finding]:
        """A success: its document, or that there is no body where none is documented."""
        if not self.due.operation.success.schema:
            yield self.kept(f"success.{self.due.kind}")
            if self.response.body:
                yield self.broken("shape", "no body")
            elif self.response.announced:  # a reader takes it for no part of a 204
                yield self.broken("shape", "no body", f"Content-Length: {self.response.announced}")
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
        """The media type."""
        if self.response.is_json:
            yield self.kept("media-type")
        else:
            label = ascii(self.response.header("content-type") or "no Content-Type")
            yield self.broken("media-type", "application/json or a +json type", label)

    def parsed(self) -> Mapping[str, Json] | Finding:
        """The document, or what is wrong with its JSON."""
        try:
            value = parse_once(self.response.body)
        except NotJsonError as error:
            expected = "one well-formed JSON object"
            if self.is_beyond:
                return self.broken_beyond(expected, str(error))
            return self.broken("json", expected, str(error))
        if not isinstance(value, dict):
            return self.broken("shape", "a JSON object", show(value))
        return value

    def shape(self, document: Mapping[str, Json]) -> Iterator[Finding]:
        """Errors of the schema.

        What is wrong with a member as such breaks its own clause and the document's; what is
        wrong inside a member breaks its own only. All is told, lest a waiver for one thing that is
        wrong hides the next; of what is alike, as in the rows of a list, the first.
        """
        schema = self.due.operation.success.schema
        wrong: dict[tuple[str, str], Finding] = {}
        for error in self.contract.validators[schema].iter_errors(self._skeleton(document)):
            path = [str(part) for part in error.instance_path]
            member = path[0] if path else str(getattr(error.kind, "property", ""))
            topics = ["shape"] * (len(path) <= 1) + [f"shape.{member}"] * bool(member)
            actual = f"/{'/'.join(path)}: {ascii(_cut(error.message))[1:-1]}"
            for topic in topics:
                finding = self.broken(topic, f"the documented shape ({schema})", actual)
                wrong.setdefault((finding.clause, likeness(actual)), finding)
        yield from wrong.values()
        blamed = {clause for clause, _ in wrong}
        without_files = document.get("files") in (None, [])  # nothing was seen of any file then
        for topic in ("shape", "shape.files", "shape.results", "shape.ready"):
            unseen = topic == "shape.files" and without_files
            if self.clause(topic) not in blamed and not unseen:
                yield self.kept(topic)

    def _skeleton(self, document: Mapping[str, Json]) -> Json:
        """A document without what is inside its results, which the schema does not look at.

        Surrogates, which the validator cannot take lone, are replaced wherever else they stand; in
        UTF-8 they come as escapes only.
        """
        results = document.get("results")
        bare = {**document, "results": {}} if isinstance(results, dict) else document
        if b"\\ud" not in self.response.body.lower():
            return bare
        return json.loads(ESCAPE.sub(_unless_surrogate, json.dumps(bare)))

    def identity(self, document: Mapping[str, Json]) -> Iterator[Finding]:
        """Whose document it is, and whose files it lists."""
        wanted = {"/id": self.known.id, "/job/id": self.known.job_id}
        wrong = []
        job = document.get("job")
        found = {
            "/id": document.get("id"),
            "/job/id": job.get("id") if isinstance(job, dict) else "",
        }
        for at, value in wanted.items():
            if value and found[at] and str(found[at]) != value:
                yield self.broken("identity", f"{at}: {value!a}", f"{at}: {show(found[at])}")
                wrong.append(at)
        if "/id" in wrong:
            return
        foreign = [each for each in file_owners(document) if str(each) != self.known.id]
        if foreign:
            expected = f"/files/…/analysis: {self.known.id!a}"
            yield self.broken("shape.files", expected, f"/files/…/analysis: {show(foreign[0])}")
        if not wrong:
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
            aspects: tuple[str, ...] = ("ready", "results", "others", "stored")
            wrong = self.unlike_what_follows(document)
        else:
            aspects = ("others",)
            moved = changes(self.contract, self.known.document or {}, document)
            wrong = [("others", "the document as it was", where) for where in moved]
        self.surprised = bool(wrong)
        self.contradicts = any(
            aspect in {"ready", "results"} or actual.startswith(("/ready", "/results"))
            for aspect, _, actual in wrong
        )
        names = {aspect: f"{topic}.{aspect}.{kind}" for aspect in aspects}
        for aspect, expected, actual in wrong:
            yield self.broken(names[aspect], expected, actual, operation=operation)
        blamed = {self.clause(names[aspect], operation) for aspect, _, _ in wrong}
        for clause in {self.clause(name, operation): None for name in names.values()}:
            if clause not in blamed:
                yield kept(clause)

    def unlike_what_follows(self, document: Mapping[str, Json]) -> list[tuple[str, str, str]]:
        """Where a document differs from what must follow: aspect, expected, actual."""
        found = compare(self.contract, self.after, document)
        wrong = [(aspect, *said) for aspect, said in found.items()]
        if "others" in found:
            before = settled(self.after.document or {})
            _, *more = changes(self.contract, before, document)
            wrong += [("others", found["others"][0], where) for where in more]
        return wrong


ESCAPE = re.compile(r"\\(?:u(?P<unit>[0-9a-f]{4})|.)")
"""An escape in JSON that is otherwise ASCII; a backslash is one with the next character."""


def _unless_surrogate(escape: re.Match[str]) -> str:
    """The escape, or a question mark for a surrogate, lone or paired."""
    is_surrogate = "d800" <= (escape["unit"] or "") <= "dfff"
    return "?" if is_surrogate else escape[0]


def _cut(text: str, limit: int = 160) -> str:
    return text if len(text) <= limit else f"{text[:limit]}…"
