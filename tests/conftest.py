"""What the tests of the oracle share: the contract, a document of an analysis, and answers."""

import json
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from virtool_contract.contract import Contract
from virtool_contract.exchange import Response
from virtool_contract.loading import load

Answering: TypeAlias = Callable[..., Response]


@pytest.fixture(scope="session")
def contract() -> Contract:
    return load()


@pytest.fixture
def document() -> dict[str, Any]:
    """The page's example of a pending analysis, another at each call."""
    return {
        "id": "uskrqsxm",
        "created_at": "2017-10-03T21:35:54.813000Z",
        "job": {"id": "afovbrnx"},
        "files": [
            {
                "analysis": "uskrqsxm",
                "description": None,
                "format": "fasta",
                "id": 1,
                "name": "results.fa",
                "name_on_disk": "1-results.fa",
                "size": 20466,
                "uploaded_at": "2017-10-03T21:35:54.813000Z",
            }
        ],
        "workflow": "pathoscope_bowtie",
        "sample": {"id": "kigvhuql", "name": "Test 1"},
        "index": {"id": "qldihken", "version": 0},
        "user": {"id": "igboyes"},
        "subtractions": [
            {"id": "yhxoynb0", "name": "Arabidopsis Thaliana"},
            {"id": "yhxoynb1", "name": "Vitis"},
        ],
        "ready": False,
    }


@pytest.fixture(scope="session")
def answering() -> Answering:
    """Makes an answer: a status, a body (bytes as they are, anything else as JSON), a label."""

    def answer(status: int, body: object = b"", media_type: str = "application/json") -> Response:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = (("Content-Type", media_type),) if media_type else ()
        return Response(status=status, headers=headers, body=raw, elapsed=0.0)

    return answer
