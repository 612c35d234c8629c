"""Headers and bytes."""

import base64

import pytest

from virtool_contract.reference.service import Service
from virtool_contract.reference.values import Call, Credentials, Reply
from virtool_contract.reference.wire import credentials_in

CALL = Call(operation="get", analysis_id="x")


def basic(text: bytes) -> str:
    return "Basic " + base64.b64encode(text).decode()


@pytest.mark.parametrize(
    ("header", "user", "password"),
    [
        (basic(b"job-a:key"), "job-a", "key"),
        (basic(b"job-a:k:e:y"), "job-a", "k:e:y"),
        (basic("job-é:".encode()), "job-é", ""),
        (basic(b"a:b").replace("Basic", "bAsIc"), "a", "b"),
    ],
)
def test_credentials(header: str, user: str, password: str) -> None:
    assert credentials_in(header) == Credentials(user=user, password=password)


@pytest.mark.parametrize(
    "header",
    [None, "", "Basic", "Basic !!!", "Basic YQ=", "Bearer x", basic(b"no colon"), basic(b"\xff:x")],
)
def test_no_credentials(header: str | None) -> None:
    assert credentials_in(header) is None


def test_no_content_has_no_label() -> None:
    sent = Service().sent(CALL, Reply(status=204))
    assert (sent.status, sent.body, sent.headers) == (204, b"", {})


def test_json_is_ascii() -> None:
    sent = Service().sent(CALL, Reply(status=200, content={"é": "\ud800"}))
    assert sent.body == b'{"\\u00e9":"\\ud800"}'
    assert sent.headers == {"content-type": "application/json"}


def test_bytes_go_as_they_are() -> None:
    sent = Service().sent(CALL, Reply(status=404, content=b"no", media_type="text/plain"))
    assert (sent.body, sent.headers) == (b"no", {"content-type": "text/plain"})
