"""No key in a message, in no spelling, also where a target echoes what it was sent."""

import base64
import hashlib
import html
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import quote

import pytest

from virtool_contract.credentials import spoiled
from virtool_contract.model import Caller
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
        f"text/{KEY.encode().hex()}",
        f"x=0/{KEY.encode().hex()}z",
        f"f/{KEY.encode().hex()}",
        f"eA==/{base64.b64encode(KEY.encode()).decode()}",
        f"key={base64.b64encode(KEY.encode()).decode()}",
        f"k-_+y=={base64.b64encode(f'job-j1:{KEY}'.encode()).decode()}",
        base64.b64encode(KEY.encode()).decode(),
        base64.b64encode(f"job-j1:{KEY}".encode()).decode(),
        base64.b64encode(f"job-j1:{KEY}".encode()).decode().rstrip("="),
        base64.urlsafe_b64encode(f"job-j1:{KEY}".encode()).decode(),
        base64.b64encode(base64.b64encode(b"x")[:1] + KEY.encode() + b"yy").decode(),
        base64.b64encode(KEY.encode("utf-16")).decode(),
        quote(quote(KEY, safe=""), safe=""),
        "".join(f"%{byte:02x}" for byte in KEY.encode()),
        "".join(f"\\u{ord(char):04x}" for char in KEY),
        "".join(f"&#x{ord(char):x};" for char in KEY),
        html.escape(KEY),
        KEY.upper(),
        KEY.encode().hex().upper(),
        KEY.encode("utf-16-le").hex(),
        ascii(KEY.encode("utf-16-le").decode("latin-1"))[1:-1],
        json.dumps(json.dumps(KEY))[3:-3],
        ascii(json.dumps(KEY).encode())[3:-2],
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
    assert secrets.hide(f"echo {KEY[:9]}… (300 characters)") == f"echo {MASK}… (300 characters)"
    basic = base64.b64encode(f"job-j1:{KEY}".encode()).decode()
    assert secrets.hide(f"Basic {basic[:-9]}…") == f"Basic {MASK}…"
    assert secrets.hide("echo plain…") == "echo plain…"


@pytest.mark.parametrize("caller", [each for each in Caller if not each.is_known])
def test_wrong_keys_that_are_made_of_right_ones_are_masked(caller: Caller) -> None:
    own = Credentials(job_id="j1", job_key="0f1e2d3c4b5a69788796a5b4c3d2e1f0")
    other = Credentials(job_id="j2", job_key="ffeeddccbbaa99887766554433221100")
    secrets = Secrets()
    secrets.add(own)
    secrets.add(other)
    for _, value in spoiled(caller, own, other):
        scheme, _, token = value.partition(" ")
        with suppress(ValueError):
            token = base64.b64decode(token, validate=True).decode()
        for said in (secrets.hide(value), secrets.hide(f"{scheme} {token} is wrong")):
            for key in (own.job_key, other.job_key):
                parts = (key[place : place + 10] for place in range(len(key) - 9))
                assert not [part for part in parts if part in said]


@pytest.mark.parametrize(
    "text",
    ["", "%", "%zz \\", "&amp; &nosuch; \\u12 \0", "QUJDREVGRw== 0123456789abcdef", "İ\u0130"],
)
def test_other_text_stays_as_it_is(secrets: Secrets, text: str) -> None:
    assert secrets.hide(text) == text
    assert Secrets().hide(text) == text


def test_the_text_around_secrets_stays(secrets: Secrets) -> None:
    assert secrets.hide(f"%41{KEY}\\u0042{KEY}&lt;") == f"%41{MASK}\\u0042{MASK}&lt;"


def test_each_of_many_keys_is_masked() -> None:
    secrets = Secrets()
    keys = [hashlib.sha256(b"%d" % number).hexdigest() for number in range(3000)]
    for key in keys:
        secrets.add(Credentials(job_id="j", job_key=key))
    said = secrets.hide(" ".join(keys[:50]))
    assert said == " ".join([MASK] * 50)


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
    summary = tmp_path / "summary.md"
    done = cli(
        *("verify", "--base-url", url, "--state-change-url", f"{url}/provider-states"),
        *("-k", "finalize.once", "--report-dir", str(tmp_path / "reports")),
        env={"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)},
    )
    files = [file.read_text() for file in (*(tmp_path / "reports").iterdir(), summary)]
    said = "".join([done.stdout, done.stderr, *files])
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
