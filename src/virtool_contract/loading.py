"""Loads the contract from `spec/openapi.yaml`, and says where a mistake in it stands."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml

from virtool_contract.body import REFUSABLE
from virtool_contract.contract import Answer, Clause, Contract, ContractError, Operation
from virtool_contract.contract_schema import CONTRACT

METHODS = ("get", "patch", "delete")


Place = tuple[str | int, ...]
Names = tuple[str, ...]
"""A place with its indices as text: a status is a key, yet a validator gives it as a number."""


def bundled() -> str:
    """The path of the contract that comes with the package, or with its checkout."""
    packaged = files("virtool_contract") / "spec" / "openapi.yaml"
    if packaged.is_file():
        return str(packaged)
    return str(Path(__file__).parents[2] / "spec" / "openapi.yaml")


def load(path: str | None = None) -> Contract:
    """Load and check a contract; without a path, the one that comes with the package.

    Raises:
        ContractError: the file cannot be read, is not YAML, or breaks `contract_schema`.
    """
    origin = path or bundled()
    try:
        text = Path(origin).read_text(encoding="utf-8")
    except OSError as error:
        raise ContractError(f"{origin}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ContractError(f"{origin}: not UTF-8 at byte {error.start}") from None
    return _contract(origin, text)


@lru_cache(maxsize=4)  # a run needs the same one in several places
def _contract(origin: str, text: str) -> Contract:
    try:
        document, lines = _read(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ContractError(f"{origin}, line {line}: not YAML: {error.problem}") from None
    except RecursionError:
        raise ContractError(f"{origin}: nested too deeply, or within itself") from None
    except (yaml.YAMLError, ValueError) as error:
        raise ContractError(f"{origin}: not YAML: {' '.join(str(error).split())}") from None
    return _Loader(origin, document, lines).contract()


def _read(text: str) -> tuple[Any, dict[Names, int]]:
    """What a YAML text says, and on which line each of its places stands."""
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        lines = dict(_lines(node))
        return loader.construct_document(node) if node else None, lines
    finally:
        loader.dispose()


def _lines(node: yaml.Node | None, at: Names = ()) -> Iterator[tuple[Names, int]]:
    """The line on which the value at each place of a YAML document stands, counted from 1."""
    if node is None:
        return
    yield at, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        seen: set[Any] = set()
        for key, value in node.value:
            if key.value in seen:  # PyYAML takes the last one in silence; YAML 1.2.2, 3.2.1.3
                problem = f"the key {key.value!r} is there twice"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
            seen.add(key.value)
            yield from _lines(value, (*at, key.value))
            yield (*at, key.value), key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _lines(item, (*at, str(index)))


class _Loader:
    """Turns a YAML document into a `Contract`, or says where it is wrong."""

    def __init__(self, origin: str, document: Any, lines: Mapping[Names, int]) -> None:  # noqa: ANN401 - any YAML
        self.origin = origin
        self.document = document
        self.lines = lines

    def wrong(self, place: Place, problem: str) -> ContractError:
        names = tuple(map(str, place))
        line = next(
            (self.lines[names[:n]] for n in range(len(names), -1, -1) if names[:n] in self.lines), 1
        )
        key = "/".join(names) or "the document"
        return ContractError(f"{self.origin}, line {line}, {key}: {problem}")

    def contract(self) -> Contract:
        self.check_plain(self.document, ())
        self.check_schema()
        self.check_references(self.document, ())
        path, item = next(iter(self.document["paths"].items()))
        operations = [self.operation(method, item[method]) for method in METHODS]
        contract = Contract(
            document=self.document,
            path=path,
            operations={operation.id: operation for operation in operations},
            clauses=self.clauses(path, item),
            origin=self.origin,
            _topics=self.topics(path, item),
        )
        self.check_topics(contract)
        try:
            contract.validators  # noqa: B018 - compiled now, so that a mistake shows on load
        except ValueError as error:
            raise self.wrong(
                ("components", "schemas"), _shorten(" ".join(str(error).split()))
            ) from None
        return contract

    def check_plain(self, node: Any, place: Place) -> None:  # noqa: ANN401 - any YAML
        """YAML has dates and numbers for keys, which JSON, and so OpenAPI, has not."""
        if isinstance(node, dict):
            for key, value in node.items():
                if not isinstance(key, str):
                    raise self.wrong((*place, str(key)), f"the key is no string; try '{key}'")
                self.check_plain(value, (*place, key))
        elif isinstance(node, list):
            for index, value in enumerate(node):
                self.check_plain(value, (*place, index))
        elif not isinstance(node, str | int | float | None):
            raise self.wrong(place, f"{node} is not JSON; try '{node}'")

    def check_schema(self) -> None:
        validator = jsonschema_rs.Draft202012Validator(CONTRACT)
        error = next(iter(validator.iter_errors(self.document)), None)
        if error is not None:
            raise self.wrong(tuple(error.instance_path), _shorten(error.message))

    def check_references(self, node: Any, place: Place) -> None:  # noqa: ANN401 - any YAML
        if isinstance(node, dict):
            target = node.get("$ref")
            if isinstance(target, str) and not self.resolves(target):
                raise self.wrong((*place, "$ref"), f"{target!r} points at nothing in this file")
            for key, value in node.items():
                self.check_references(value, (*place, key))
        elif isinstance(node, list):
            for index, value in enumerate(node):
                self.check_references(value, (*place, index))

    def resolves(self, target: str) -> bool:
        found = re.fullmatch(r"#/components/schemas/(\w+)", target)
        return found is not None and found[1] in self.document["components"]["schemas"]

    def operation(self, method: str, raw: Mapping[str, Any]) -> Operation:
        place: Place = ("paths", next(iter(self.document["paths"])), method)
        answers = tuple(_answer(status, entry) for status, entry in raw["responses"].items())
        if sum(answer.status.startswith("2") for answer in answers) != 1:
            raise self.wrong((*place, "responses"), "exactly one 2xx response is wanted")
        success = next(answer for answer in answers if answer.status.startswith("2"))
        here = (*place, "responses", success.status)
        if not success.status.isdigit():
            raise self.wrong(here, "a range of statuses cannot be due; try one of them")
        if "content" in raw["responses"][success.status] and not success.schema:
            raise self.wrong(here, "its schema must be a $ref to one of components/schemas")
        return Operation(
            id=raw["operationId"],
            method=method.upper(),
            takes_body="requestBody" in raw,
            unimplemented=frozenset(map(int, raw.get("x-unimplemented", ()))),
            answers=answers,
        )

    def entries(
        self, path: str, item: Mapping[str, Any]
    ) -> Iterator[tuple[Place, str, dict[str, Any]]]:
        for index, raw in enumerate(self.document["x-clauses"]):
            yield ("x-clauses", index), "", raw
        for method in METHODS:
            for index, raw in enumerate(item[method]["x-clauses"]):
                place: Place = ("paths", path, method, "x-clauses", index)
                yield place, item[method]["operationId"], raw

    def clauses(self, path: str, item: Mapping[str, Any]) -> dict[str, Clause]:
        found: dict[str, Clause] = {}
        for place, operation, raw in self.entries(path, item):
            if raw["id"] in found:
                raise self.wrong((*place, "id"), f"the clause {raw['id']!r} is there twice")
            judges = tuple(raw["judges"])
            line = self.lines[tuple(map(str, place))]
            found[raw["id"]] = Clause(
                **{**raw, "judges": judges, "operation": operation, "line": line}
            )
        return found

    def topics(self, path: str, item: Mapping[str, Any]) -> dict[tuple[str, str], str]:
        found: dict[tuple[str, str], str] = {}
        for place, operation, raw in self.entries(path, item):
            for topic in raw["judges"]:
                other = found.setdefault((operation, topic), raw["id"])
                if other != raw["id"]:
                    problem = f"{topic!r} is judged by {other!r} already"
                    raise self.wrong((*place, "judges"), problem)
        return found

    def check_topics(self, contract: Contract) -> None:
        for topic in ("status", "server-error", "json", "media-type", "message", "leak"):
            self.must_judge(contract, "", topic)
        for topic in ("error-label", "bystander"):
            self.must_judge(contract, "", topic)
        for operation in contract.operations.values():
            self.must_judge(contract, operation.id, "success")
            self.must_judge(contract, operation.id, "effect")
            self.must_judge(contract, operation.id, "shape")
            if operation.success.schema:
                self.must_judge(contract, operation.id, "identity")
            if operation.id != "get" and "not-own" in operation.reasons:
                self.must_judge(contract, operation.id, "preferred.not-own")
            if operation.unimplemented:
                self.must_judge(contract, operation.id, "refused.unimplemented")
                self.must_judge(contract, operation.id, "effect-of-refusal.unimplemented")
            for kind in sorted(REFUSABLE) if operation.takes_body else ():
                self.must_judge(contract, operation.id, f"effect-of-refusal.{kind}")
            for reason in sorted(operation.reasons):
                self.must_judge(contract, operation.id, f"refused.{reason}")
                self.must_judge(contract, operation.id, f"effect-of-refusal.{reason}")

    def must_judge(self, contract: Contract, operation: str, topic: str) -> None:
        try:
            contract.clause_for(operation, topic)
        except LookupError as error:
            raise self.wrong(("x-clauses",), str(error)) from None


def _answer(status: str, raw: Mapping[str, Any]) -> Answer:
    refuses = raw.get("x-refuses", {})
    schema = raw.get("content", {}).get("application/json", {}).get("schema", {})
    return Answer(
        status=status,
        reasons=frozenset(refuses.get("reasons", ())),
        message=refuses.get("message", ""),
        leaves=raw.get("x-leaves", ""),
        schema=schema.get("$ref", "").rpartition("/")[2],
    )


def _shorten(text: str, limit: int = 200) -> str:
    return text if len(text) <= limit else f"{text[:limit]}…"
