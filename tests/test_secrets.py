"""No key in a message, in no spelling, also where a target echoes what it was sent."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import quote

import pytest

from virtool_contract.provider import Credentials
from virtool_contract.reference.service import Service
from virtool_contract.reference.values import Call, Reply
from virtool_contract.secrets import MASK, Secrets

if TYPE_CHECKING:
    from subprocess import CompletedProcess

    Cli: TypeAlias = Callable[..., CompletedProcess[str]]

KEY = 'k/3y "with" é'
JOB = Credentials(job_id="j1", job_key=KEY)


@pytest.fixture
def secrets() -> Secrets:
    known = Secrets()
    known.add(JOB)
    return known


@pytest.mark.parametrize(
    "spelled",
    [
        KEY,
        ascii(KEY)[1:-1],
        json.dumps(KEY)[1:-1],
        quote(KEY, safe=""),
        KEY.encode().hex(),
        base64.b64encode(KEY.encode()).decode(),
        base64.b64encode(f"job-j1:{KEY}".encode()).decode(),
        base64.b64encode(f"job-j1:{KEY}".encode()).decode().rstrip("="),
    ],
)
def test_every_spelling_is_masked(secrets: Secrets, spelled: str) -> None:
    hidden = secrets.hide(f"before {spelled} after")
    assert hidden == f"before {MASK} after"


def test_headers_that_were_handed_out_are_secrets() -> None:
    secrets = Secrets()
    secrets.add(Credentials(headers={"Authorization": "Bearer abc.def", "X-Key": "topsecret"}))
    assert secrets.hide("Bearer abc.def") == MASK
    assert secrets.hide("token abc.def and topsecret") == f"token {MASK} and {MASK}"


def test_a_secret_that_a_cut_has_left_the_beginning_of_is_masked(secrets: Secrets) -> None:
    assert secrets.hide(f"echo {KEY[:9]}…") == f"echo {MASK}…"
    assert secrets.hide("echo plain…") == "echo plain…"


class Echo(Service):
    """Answers a second finalize with a page that shows the request, keys and all."""

    def already_finalized(self, call: Call) -> Reply:
        assert call.credentials
        sent = f"{call.credentials.user}:{call.credentials.password}"
        encoded = base64.b64encode(sent.encode()).decode()
        return Reply(status=500, content={"debug": f"Authorization: Basic {encoded} ({sent})"})


def test_a_target_that_echoes_keys_gets_none_into_any_output(
    served: Callable[[Service], str], cli: "Cli", tmp_path: Path
) -> None:
    service = Echo()
    url = served(service)
    done = cli(
        *("verify", "--base-url", url, "--state-change-url", f"{url}/provider-states"),
        *("-k", "finalize.once", "--report-dir", str(tmp_path)),
    )
    said = done.stdout + done.stderr + (tmp_path / "report.json").read_text()
    assert done.returncode == 1
    assert "Authorization: Basic" in said
    assert MASK in said
    echoed = [word for word in said.split() if len(word) > 24 and ":" not in word]
    assert not [word for word in echoed if _is_key(word)]


def _is_key(word: str) -> bool:
    try:
        return b"job-" in base64.b64decode(word.strip('()",'), validate=True)
    except ValueError:
        return False
