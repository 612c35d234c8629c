"""The contract as values: operations, clauses, refusals and validators. `loading` reads it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import jsonschema_rs

from virtool_contract.json_values import Json


class ContractError(ValueError):
    """The YAML of the contract is wrong; the message gives file, line and key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One checkable promise: slug, RFC 2119 level, what it says, and its source.

    `operation` is the operationId it stands under, empty for those of the root; `race` marks a
    promise that only concurrent requests can show; `line` is where it stands in the file.
    """

    id: str
    level: str
    says: str
    source: str
    operation: str
    judges: tuple[str, ...]
    race: bool = False
    line: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One response that the contract lists: for which reasons it refuses, or what it leaves."""

    status: str
    reasons: frozenset[str]
    message: str
    leaves: str
    schema: str

    def covers(self, status: int) -> bool:
        """Whether a numeric status falls under this entry (an exact one, or a range like 4XX)."""
        return self.status == str(status) or self.status == f"{status // 100}XX"


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation: how it is called, what it may answer, and the clauses it answers for."""

    id: str
    method: str
    takes_body: bool
    unimplemented: frozenset[int]
    answers: tuple[Answer, ...]

    @cached_property
    def success(self) -> Answer:
        """The one success response."""
        return next(answer for answer in self.answers if answer.status.startswith("2"))

    @cached_property
    def reasons(self) -> frozenset[str]:
        """Every reason for which this operation may refuse."""
        return frozenset().union(*(answer.reasons for answer in self.answers))

    def lists(self, status: int) -> bool:
        """Whether the contract lists that status for this operation at all."""
        return any(answer.covers(status) for answer in self.answers)

    def refusals(self, reasons: Iterable[str]) -> tuple[Answer, ...]:
        """The responses that may be given for at least one of those reasons."""
        wanted = frozenset(reasons)
        return tuple(answer for answer in self.answers if answer.reasons & wanted)


@dataclass(frozen=True, kw_only=True)
class Contract:
    """The whole contract; `document` is the OpenAPI document as plain data."""

    document: Mapping[str, Any]
    path: str
    operations: Mapping[str, Operation]
    clauses: Mapping[str, Clause]
    origin: str = ""
    _topics: Mapping[tuple[str, str], str] = field(default_factory=dict)
    _found: dict[tuple[str, str], str] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def version(self) -> str:
        """The version of the contract."""
        return str(self.document["info"]["version"])

    def clause_for(self, operation: str, topic: str) -> str:
        """The clause that answers for a topic: the longest name that some clause judges.

        `effect.results.awkward` falls back to `effect.results`, then to `effect`, each looked up
        in the operation first and at the root second.

        Raises:
            LookupError: no clause judges the topic (`load` rules this out for what the judge asks).
        """
        known = self._found.get((operation, topic))
        if known:
            return known
        parts = topic.split(".")
        for length in range(len(parts), 0, -1):
            name = ".".join(parts[:length])
            found = self._topics.get((operation, name)) or self._topics.get(("", name))
            if found:
                self._found[operation, topic] = found
                return found
        raise LookupError(f"no clause of {operation or 'the root'} judges {topic!r}")

    @cached_property
    def validators(self) -> Mapping[str, Any]:
        """One compiled validator for each named schema, formats included."""
        components = {"components": self.document["components"]}
        return {
            name: jsonschema_rs.Draft202012Validator(
                {"$ref": f"#/components/schemas/{name}", **components}, validate_formats=True
            )
            for name in self.document["components"]["schemas"]
        }

    @cached_property
    def document_schema(self) -> Mapping[str, Any]:
        """The schema of what every document has, its references resolved."""
        return self.schema("Document")

    def schema(self, name: str) -> Mapping[str, Any]:
        """A named schema, its references resolved."""
        resolved: Mapping[str, Any] = self._resolve({"$ref": f"#/components/schemas/{name}"})
        return resolved

    def _resolve(self, schema: Json) -> Json:
        if isinstance(schema, dict):
            if "$ref" in schema:
                name = schema["$ref"].rpartition("/")[2]
                return self._resolve(self.document["components"]["schemas"][name])
            return {key: self._resolve(value) for key, value in schema.items()}
        return [self._resolve(item) for item in schema] if isinstance(schema, list) else schema

    def documented(self, document: Mapping[str, Json]) -> dict[str, Json]:
        """The documented members of a document, at every depth; undocumented ones are left out."""
        picked: dict[str, Json] = self._pick(document)
        return picked

    @cached_property
    def _pick(self) -> "Picker":
        return _picker(self.document_schema)


Picker = Callable[[Json], Json]
"""Takes the documented part of a value."""


def _whole(value: Json) -> Json:
    return value


def _picker(schema: Mapping[str, Any]) -> Picker:
    """What picks by a schema, made once, for every document is picked from."""
    if "properties" in schema:
        members = {key: _picker(inner) for key, inner in schema["properties"].items()}
        return lambda value: (
            {key: members[key](item) for key, item in value.items() if key in members}
            if isinstance(value, dict)
            else value
        )
    if "items" in schema:
        of_item = _picker(schema["items"])
        if of_item is not _whole:
            return lambda value: list(map(of_item, value)) if isinstance(value, list) else value
    return _whole
