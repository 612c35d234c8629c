"""Whatever a target answers, there is a judgement: a document of the strangest members, too."""

import json
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from virtool_contract.body import finalize_body
from virtool_contract.contract import Contract
from virtool_contract.exchange import Response
from virtool_contract.judge import Judgement, judge
from virtool_contract.knowledge import after_read, after_success
from virtool_contract.model import Caller, Phase, step
from virtool_contract.subject import Known

Answering: TypeAlias = Callable[..., Response]
Document: TypeAlias = dict[str, Any]
MEMBERS = ("id", "job", "files", "results", "ready", "created_at", "workflow", "subtractions")
BITS = ("\\", "u", "d83e", '"', "\ud800", "\U0001f9a0", "n", "\0", "\u2028")
TEXTS = st.text(st.characters(exclude_categories=())) | st.lists(
    st.sampled_from(BITS), max_size=6
).map("".join)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


def judged(contract: Contract, operation: str, document: Document, body: bytes) -> Judgement:
    """The judgement of an answer, to a subject whose document was seen before."""
    known = after_read(contract, Known(id="uskrqsxm", job_id="afovbrnx"), document)
    sent = finalize_body({"foo": "bar"}) if operation == "finalize" else None
    due = step(contract.operations[operation], Phase.PENDING, Caller.OWNER, sent)
    headers = (("Content-Type", "application/json"),)
    answer = Response(status=200, headers=headers, body=body, elapsed=0.0)
    return judge(contract, due, known, answer, after_success(known, due, sent))


@pytest.mark.parametrize("operation", ["get", "finalize"])
@given(changes=st.dictionaries(st.sampled_from(MEMBERS) | TEXTS, VALUES, max_size=3))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_document_is_too_strange(
    contract: Contract, document: Document, operation: str, changes: Document
) -> None:
    body = json.dumps(document | changes).encode()
    assert judged(contract, operation, document, body).findings


@pytest.mark.parametrize("text", ["\\ud83e\\udda0", "\\\\ud800", "\ud800", "\\\ud800"])
def test_what_looks_like_an_escaped_surrogate_is_text(
    contract: Contract, document: Document, text: str
) -> None:
    """Results that a target shows as a string of JSON have such in them."""
    sample = {"id": "kigvhuql", "name": text}
    body = json.dumps(document | {"sample": sample, "results": text, "ready": True}).encode()
    wrong = judged(contract, "get", document, body).broken
    shape = [each.actual for each in wrong if each.clause == "get.document"]
    assert {each.partition(":")[0] for each in shape} == {"/results"}
