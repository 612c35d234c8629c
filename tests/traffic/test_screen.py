"""Many texts are screened for keys as one is: by their words, and with the same result."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from virtool_contract.provider import Credentials
from virtool_contract.secrets import Screen, Secrets

KEY = "q7v2mzkx09pw"
SHORT = "ab,c"
PIECES = (
    *(
        "job_key",
        '"',
        "{",
        "\\",
        "%",
        "&amp;",
        "\0",
        "\u212a",
        "\u2026",
        " ",
        "\\u0041",
        "=",
        "abc",
    ),
    *(KEY, KEY.upper(), KEY[:6], KEY[:8], SHORT),
    base64.b64encode(f"job-x:{KEY}".encode()).decode(),
    base64.b64encode(KEY.encode("utf-16-le")).decode(),
    KEY.encode().hex(),
    "".join(f"%{ord(char):02x}" for char in KEY),
)


def known(*, short: bool = False) -> Secrets:
    secrets = Secrets()
    headers = {"Authorization": "Basic " + base64.b64encode(f"x:{KEY}".encode()).decode()}
    secrets.add(Credentials(job_id="x", job_key=KEY, headers=headers))
    if short:
        secrets.add(Credentials(job_id="y", job_key=SHORT))
    return secrets


@pytest.mark.parametrize("short", [False, True])
@settings(max_examples=200, deadline=None, database=None, derandomize=True)
@given(pieces=st.lists(st.sampled_from(PIECES) | st.text(max_size=8), max_size=8))
def test_a_screen_hides_what_secrets_hide(pieces: list[str], *, short: bool) -> None:
    secrets = known(short=short)
    screen, text = Screen(secrets), "".join(pieces)
    assert screen.hide(text) == secrets.hide(text)
    assert screen.hide(text * 20) == secrets.hide(text * 20)


@pytest.mark.parametrize("place", [0, 4000, 4027, 4032, 4090, 4095, 8064, 8190])
@pytest.mark.parametrize("spelled", [KEY, base64.b64encode(KEY.encode("utf-16-be")).decode()])
def test_a_key_in_a_long_word_is_found(place: int, spelled: str) -> None:
    assert spelled not in Screen(known()).hide("z" * place + spelled + "z" * 5000)
