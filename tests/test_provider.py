"""A provider that answers wrongly is told from a target that does, in one line that says where."""

from __future__ import annotations

import base64
import json
import socket
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from virtool_contract.credentials import credential_headers
from virtool_contract.provider import (
    Credentials,
    ProviderError,
    UnknownStateError,
    job_without_analysis,
    pending_analysis,
)
from virtool_contract.providers.http import HttpProvider

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Answer, Seen, Stub, Wire

    Stubbing: TypeAlias = Callable[[Callable[[Seen], Answer]], Stub]
    Wiring: TypeAlias = Callable[[Callable[[socket.socket, bytes], None]], Wire]

KEY = "hunter2-the-key"
JOB = {"job_id": "j1", "job_key": KEY}
GOOD: dict[str, Any] = {"analysis_id": "a1", **JOB}
HTML = b"<html><body>It works!</body></html>"


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in GOOD.items() if key != name}


WRONG: dict[str, tuple[Answer, tuple[str, ...]]] = {
    "HTML": ((200, HTML), ("answered 200", "--state-change-url")),
    "HTML and an error": ((502, HTML), ("answered 502", "one JSON object")),
    "nothing": ((200, b""), ("answered 200", "--state-change-url")),
    "a redirect": ((302, b"", {"Location": "/login"}), ("answered 302", "one JSON object")),
    "a list": ((200, [GOOD]), ("an array", "expected a JSON object")),
    "a string": ((200, "fine"), ('"fine"', "expected a JSON object")),
    "NaN": ((200, b'{"analysis_id": NaN}'), ("NaN is not JSON",)),
    "an error": ((200, {"error": "no database"}), ("'a pending analysis'", '"no database"')),
    "an error status": ((500, {"error": "no database"}), ("answered 500", '"no database"')),
    "a bare error status": ((500, {}), ("answered 500", "no `error` member")),
    "a good answer with an error status": ((404, GOOD), ("answered 404",)),
    "no id": ((200, without("analysis_id")), ("no `analysis_id`", "expected a string")),
    "an id that is null": ((200, GOOD | {"analysis_id": None}), ("got nothing",)),
    "an id that is true": ((200, GOOD | {"analysis_id": True}), ("got true",)),
    "an empty id": ((200, GOOD | {"analysis_id": ""}), ("expected a string", '""')),
    "an id that is an object": ((200, GOOD | {"analysis_id": JOB}), ("got an object",)),
    "no job": ((200, without("job_id")), ("lacks credentials", "`headers`")),
    "no key": ((200, without("job_key")), ("`job_id` and `job_key`",)),
    "an empty key": ((200, GOOD | {"job_key": ""}), ("lacks credentials",)),
    "a key that is a number": ((200, GOOD | {"job_key": 7}), ("lacks credentials",)),
    "headers in a list": (
        (200, GOOD | {"headers": [KEY]}),
        ("wrong `headers`", "object of strings"),
    ),
    "a header that is a number": ((200, GOOD | {"headers": {"X": 1}}), ("wrong `headers`",)),
    "a header with a line feed": ((200, GOOD | {"headers": {"X": f"{KEY}\nY: z"}}), ("ASCII",)),
    "a header beyond ASCII": ((200, GOOD | {"headers": {"X": f"{KEY}\u2603"}}), ("ASCII",)),
    "a surrogate": ((200, GOOD | {"job_key": f"{KEY}\ud800"}), ("lone surrogate",)),
    "a megabyte": ((200, GOOD | {"more": "x" * 2**20}), ("answered with more than",)),
}


@pytest.mark.parametrize(("answer", "words"), WRONG.values(), ids=WRONG)
def test_a_wrong_answer_is_an_error_of_the_providers(
    stub: Stubbing, answer: Answer, words: tuple[str, ...]
) -> None:
    server = stub(lambda _: answer)
    with pytest.raises(ProviderError) as caught:
        pending_analysis(HttpProvider(f"{server.url}/states?token=t0ken"), files=False)
    said = str(caught.value)
    assert "the provider" in said
    assert all(word in said for word in words), said
    assert "\n" not in said
    assert KEY not in said
    assert "t0ken" not in said
    assert not isinstance(caught.value, UnknownStateError)


@pytest.mark.parametrize("status", [200, 404])
def test_an_unknown_state_is_told_from_an_error(stub: Stubbing, status: int) -> None:
    server = stub(lambda _: (status, {"error": "unknown state"}))
    with pytest.raises(UnknownStateError, match="'a job that runs no analysis'"):
        job_without_analysis(HttpProvider(server.url))


def test_the_message_is_that_of_pact(stub: Stubbing) -> None:
    server = stub(lambda _: (200, GOOD))
    handout = pending_analysis(HttpProvider(f"{server.url}/states"), files=True)
    (seen,) = server.seen
    assert (seen.method, seen.path) == ("POST", "/states")
    assert seen.headers["content-type"] == "application/json"
    assert json.loads(seen.body) == {
        "action": "setup",
        "state": "a pending analysis",
        "params": {"files": True},
    }
    assert handout.analysis_id == "a1"
    (authorization,) = credential_headers(handout.credentials)
    assert base64.b64decode(authorization[1].split()[1]).decode() == f"job-j1:{KEY}"


def test_numbers_will_do_for_ids(stub: Stubbing) -> None:
    server = stub(lambda _: (200, {"analysis_id": 12, "job_id": 7, "job_key": KEY}))
    handout = pending_analysis(HttpProvider(server.url), files=False)
    assert (handout.analysis_id, handout.credentials.job_id) == ("12", "7")


def test_headers_will_do_for_credentials(stub: Stubbing) -> None:
    own = {"Authorization": f"Bearer {KEY}", "X-Job": "j1"}
    server = stub(lambda _: (200, {"analysis_id": "a1", "headers": own}))
    handout = pending_analysis(HttpProvider(server.url), files=False)
    assert dict(credential_headers(handout.credentials)) == own


def test_keys_are_in_no_representation(stub: Stubbing) -> None:
    server = stub(lambda _: (200, GOOD | {"headers": {"X-Key": KEY}}))
    handout = pending_analysis(HttpProvider(server.url), files=False)
    assert handout.credentials.job_key == KEY
    for shown in (repr(handout), str(handout), repr(handout.credentials), f"{handout.credentials}"):
        assert KEY not in shown
    assert KEY not in repr(Credentials(job_id="j", job_key=KEY))
