"""Requests that schemathesis makes from the contract, and its own checks of the answers."""

import contextlib
from collections.abc import Iterator
from typing import Any

import requests
import schemathesis
from hypothesis.strategies import SearchStrategy
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.config import (
    CacheConfig,
    GenerationConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
)
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok
from schemathesis.core.transport import Response as CheckedResponse
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from virtool_contract.body import Body, classify
from virtool_contract.contract import Contract
from virtool_contract.exchange import Response
from virtool_contract.judge import Finding

NOWHERE = "http://target.invalid"
"""A base URL for making bodies; nothing is sent there."""

TOPICS = {
    not_a_server_error: "server-error",
    status_code_conformance: "status",
    response_schema_conformance: "shape",
}
"""schemathesis' checks that hold for every server that keeps the contract, and our topic for each.

Its others are left out: they re-send requests, or take media types, credentials and the rejection
of bodies more narrowly than the contract does (docs/decisions.md).
"""


def operations(contract: Contract) -> dict[str, Any]:
    """Schemathesis' operations by operationId."""
    # A configuration of our own: no schemathesis.toml of the developer's, and no cache on disk.
    # Without a codec, strings are of all characters but surrogates, as with UTF-8; to find out what
    # UTF-8 can encode takes hypothesis a second, where it may keep no cache. Who sends a request,
    # and with which credentials, is for the player to say.
    generation = GenerationConfig(codec=None, with_security_parameters=False)
    projects = ProjectsConfig(default=ProjectConfig(generation=generation))
    config = SchemathesisConfig(cache=CacheConfig(enabled=False), projects=projects)
    schema = schemathesis.openapi.from_dict(dict(contract.document), config=config)
    results = schema.get_all_operations()
    found = (result.ok() for result in results if isinstance(result, Ok))
    return {operation.definition.raw["operationId"]: operation for operation in found}


def cases(
    operation: APIOperation[Any, Any, Any, Any],
    mode: str,
) -> SearchStrategy[Any]:
    """Requests of one operation, with a body valid (`positive`) or invalid (`negative`).

    The id in the path is that of a subject, in every request: none is drawn, nor made invalid in
    the body's stead.
    """
    strategy: SearchStrategy[Any] = operation.as_strategy(
        generation_mode=GenerationMode(mode),
        path_parameters={parameter.name: "subject" for parameter in operation.path_parameters},
    )
    return strategy


def body_of(case: Case[Any]) -> Body | None:
    """The body that schemathesis made, as bytes; None for an operation that takes none."""
    if not case.operation.body:
        return None
    kwargs = case.as_transport_kwargs(base_url=NOWHERE)
    prepared = requests.Request(
        method="PATCH", url=NOWHERE, json=kwargs.get("json"), data=kwargs.get("data")
    ).prepare()
    raw = prepared.body or b""
    return classify(raw.encode() if isinstance(raw, str) else raw)


def findings(
    contract: Contract,
    case: Case[Any],
    response: Response,
) -> Iterator[Finding]:
    """What schemathesis' own checks say of an answer, in terms of clauses."""
    operation = case.operation.definition.raw["operationId"]
    for check, topic in TOPICS.items():
        clause = contract.clause_for(operation, topic)
        problem = _failure(case, response, check)
        if problem is None:
            yield Finding(clause=clause, kept=True)
        else:
            title = " ".join(problem.title.split())
            yield Finding(
                clause=clause,
                kept=False,
                expected=f"schemathesis' {check.__name__} to pass",
                actual=f"{response.status}: {title}",
            )


def _failure(
    case: Case[Any],
    response: Response,
    check: CheckFunction,
) -> Failure | None:
    headers: dict[str, list[str]] = {}
    for name, value in response.headers:
        headers.setdefault(name.lower(), []).append(value)
    request = requests.Request(case.method, NOWHERE).prepare()
    checked = CheckedResponse(
        response.status, headers, response.body, request, response.elapsed, verify=True
    )
    with contextlib.suppress(AttributeError):
        checked.encoding = "utf-8"
    try:
        case.validate_response(checked, checks=[check])
    except UnicodeEncodeError:
        return None  # a lone surrogate, which its validator cannot take; the judge looks at it
    except FailureGroup as group:
        first: Failure = group.exceptions[0]
        return first
    except Failure as failure:
        return failure
    return None
