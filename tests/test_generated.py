"""What schemathesis makes of the contract, and what its checks say in terms of clauses."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode

from virtool_contract import generated, promises
from virtool_contract.body import Flaw

if TYPE_CHECKING:
    from collections.abc import Callable

    from virtool_contract.contract import Contract
    from virtool_contract.exchange import Response

    Answering = Callable[..., Response]


def drawn(contract: Contract, operation: str, mode: GenerationMode, examples: int) -> list[Any]:
    found: list[Any] = []

    @settings(
        max_examples=examples,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        deadline=None,
    )
    @given(generated.cases(generated.operations(contract)[operation], mode))
    def draw(case: Case[Any]) -> None:
        found.append(case)

    draw()
    return found


def one(contract: Contract, operation: str) -> Case[Any]:
    case: Case[Any] = drawn(contract, operation, GenerationMode.POSITIVE, 1)[0]
    return case


def test_every_operation_is_there(contract: Contract) -> None:
    assert set(generated.operations(contract)) == set(contract.operations)


def test_valid_bodies_have_results(contract: Contract) -> None:
    bodies = [
        generated.body_of(case) for case in drawn(contract, "finalize", GenerationMode.POSITIVE, 20)
    ]
    assert len({body.raw for body in bodies if body}) > 5
    assert all(body and body.flaw is None for body in bodies)
    assert all(body and isinstance(json.loads(body.raw)["results"], dict) for body in bodies)


def test_invalid_bodies_lack_them_one_way_or_another(contract: Contract) -> None:
    cases = drawn(contract, "finalize", GenerationMode.NEGATIVE, 60)
    flaws = {body.flaw for case in cases if (body := generated.body_of(case))}
    assert Flaw.NO_RESULTS in flaws
    assert len(flaws - {None}) >= 2


@pytest.mark.parametrize("operation", ["get", "remove"])
def test_operations_without_a_body_get_none(contract: Contract, operation: str) -> None:
    assert generated.body_of(one(contract, operation)) is None


def test_a_right_answer_keeps_three_clauses(
    contract: Contract, document: dict[str, Any], answering: Answering
) -> None:
    found = list(generated.findings(contract, one(contract, "get"), answering(200, document)))
    assert all(finding.kept for finding in found)
    assert [finding.clause for finding in found] == [
        "errors.no-server-error",
        "documented-status",
        "get.document",
    ]


@pytest.mark.parametrize(
    ("status", "clause"),
    [(500, "errors.no-server-error"), (418, "documented-status"), (203, "documented-status")],
)
def test_a_wrong_status_is_said_once_and_in_one_line(
    contract: Contract, answering: Answering, status: int, clause: str
) -> None:
    answer = answering(status, {"message": "no"})
    found = {
        finding.clause: finding
        for finding in generated.findings(contract, one(contract, "get"), answer)
        if not finding.kept
    }
    assert clause in found
    assert found[clause].actual.startswith(f"{status}: ")
    assert "schemathesis" in found[clause].expected
    assert "\n" not in found[clause].actual


def test_a_document_of_the_wrong_shape_breaks_the_clause_on_documents(
    contract: Contract, document: dict[str, Any], answering: Answering
) -> None:
    del document["created_at"]
    found = list(generated.findings(contract, one(contract, "get"), answering(200, document)))
    assert [finding.clause for finding in found if not finding.kept] == ["get.document"]


def test_quick_is_spared_what_it_does_not_use() -> None:
    script = "import sys, virtool_contract.verify, virtool_contract.promises as promises\n"
    script += "assert {'schemathesis', 'jinja2'}.isdisjoint(sys.modules)\n"
    script += "assert promises.generated.TOPICS\n"
    subprocess.run([sys.executable, "-c", script], check=True)
    with pytest.raises(AttributeError, match="has no attribute 'misspelt'"):
        vars(promises)["__getattr__"]("misspelt")
