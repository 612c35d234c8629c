"""A run's traffic as HAR 1.2: what is in it, and what must not be."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest

from tests.traffic.har_schema import HAR
from virtool_contract import recorder
from virtool_contract.body import classify
from virtool_contract.exchange import Exchange, Request, Response
from virtool_contract.model import Caller
from virtool_contract.provider import Credentials
from virtool_contract.recorder import Recorder, Tag
from virtool_contract.reference.service import Service
from virtool_contract.secrets import Secrets
from virtool_contract.stage import Stage
from virtool_contract.traffic.recording import Recording, discard_parts, put_together

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from virtool_contract.target import Target

KEY = "q7v2mzkx09pw"
BASIC = "Basic " + base64.b64encode(f"job-abc:{KEY}".encode()).decode()


def secrets() -> Secrets:
    made = Secrets()
    made.add(Credentials(job_id="abc", job_key=KEY, headers={"Authorization": BASIC}))
    return made


def exchange(body: bytes = b"", answer: bytes = b"{}", *headers: tuple[str, str]) -> Exchange:
    request = Request(
        method="PATCH" if body else "GET",
        target="/api/analyses/uskrqsxm",
        headers=(("Authorization", BASIC), *headers),
        body=body,
    )
    labelled = (("Content-Type", "application/json"),)
    response = Response(status=200, headers=labelled, body=answer, elapsed=0.01)
    return Exchange(request=request, response=response)


def recording(*exchanges: Exchange, tag: Tag | None = None) -> Recording:
    kept = Recorder()
    for number, each in enumerate(exchanges):
        kept.add(number, number + 0.5, each, tag)
    return Recording(
        recorder=kept, secrets=secrets(), base_url="http://target", left_out=kept.left_out
    )


def written(folder: Path, *recordings: Recording) -> dict[str, Any]:
    """The log of the HAR that comes of recordings; each is a HAR by the specification."""
    assert put_together(folder, recordings, {"_removes": True}) == ""
    har = json.loads((folder / "traffic.har").read_text())
    validator = jsonschema_rs.Draft202012Validator(HAR, validate_formats=True)
    assert [error.message for error in validator.iter_errors(har)] == []
    log: dict[str, Any] = har["log"]
    return log


def test_a_play_is_a_har_by_the_specification(
    target_of: Callable[[Service], Target], tmp_path: Path
) -> None:
    target = target_of(Service())
    target.api.recorder = Recorder(clauses=("finalize.once",))
    stage = Stage(target)
    subject = stage.pending()
    stage.finalize(subject, {"foo": "bar"}, Caller.WRONG_KEY)
    stage.finalize(subject, classify(b"\xff"))
    stage.finalize(subject, classify(b""))
    stage.finalize(subject, {"foo": "bar"})
    stage.look_alike(subject, "in the other letter case")
    stage.close()
    own = Recording(
        recorder=target.api.recorder, secrets=target.api.secrets, base_url=target.api.base_url
    )
    entries = written(tmp_path, own)["entries"]
    assert len(entries) == target.api.sent
    assert [each["startedDateTime"] for each in entries] == sorted(
        each["startedDateTime"] for each in entries
    )
    assert {each["_caller"] for each in entries} == {"owner", "wrong key"}
    assert {each["_state"] for each in entries} == {"pending with files"}
    assert {each["_subject"] for each in entries} == {"A", "bystander"}
    assert {each["_scenario"] for each in entries} == {str(stage.number)}
    assert {tuple(each["_clause"]) for each in entries} == {("finalize.once",)}
    assert [each["_disguise"] for each in entries if "_disguise" in each] == [
        "in the other letter case"
    ]
    bodies = [each["request"]["postData"] for each in entries if "postData" in each["request"]]
    assert [(body["text"], body.get("_encoding")) for body in bodies] == [
        ('{"results":{"foo":"bar"}}', None),
        (base64.b64encode(b"\xff").decode(), "base64"),
        ("", None),
        ('{"results":{"foo":"bar"}}', None),
    ]


@pytest.mark.parametrize(
    "leak",
    [
        KEY,
        KEY.upper(),
        BASIC,
        base64.b64encode(f"x:{KEY}".encode()).decode(),
        KEY.encode().hex(),
        "".join(f"\\u{ord(char):04x}" for char in KEY),
        "".join(f"%{ord(char):02x}" for char in KEY),
        KEY[:8],
    ],
)
def test_no_key_is_written(leak: str, tmp_path: Path) -> None:
    raw = f'{{"message": "you sent {leak}, twice"}}'.encode()
    failed = Exchange(request=exchange().request, failure=f"no answer to {leak}")
    log = written(
        tmp_path, recording(exchange(raw, raw), exchange(b"\xff" + raw, b"\xff" + raw), failed)
    )
    text = (tmp_path / "traffic.har").read_text()
    assert leak not in text
    decoded = [
        base64.b64decode(each["response"]["content"]["text"]).decode("latin-1")
        for each in log["entries"]
        if "encoding" in each["response"]["content"]
    ]
    assert len(decoded) == 1
    assert leak not in decoded[0]
    assert log["entries"][2]["response"]["status"] == 0
    assert "_error" in log["entries"][2]


def test_credentials_are_replaced_by_who_they_are_of(tmp_path: Path) -> None:
    tagged = recording(exchange(b"", b"", ("X-Key", "short")), tag=Tag(caller="other job"))
    sent = written(tmp_path, tagged)["entries"][0]["request"]["headers"]
    shown = {row["name"]: row["value"] for row in sent}
    assert shown["Authorization"] == "*** (other job)"
    assert shown["X-Key"] == "*** (other job)"
    assert shown["Accept"] == "application/json, */*"


def test_what_there_is_no_room_for_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "MOST", 2)
    log = written(tmp_path, recording(exchange(), exchange(), exchange(), exchange()))
    assert len(log["entries"]) == 2
    assert log["comment"] == "Left out: 2 exchanges for want of room, the last of each process."


def test_large_bodies_use_the_room_up() -> None:
    kept = Recorder(_room=10)
    for _ in range(3):
        kept.add(0, 1, exchange(b"123456"), None)
    assert (len(kept.kept), kept.left_out) == (2, 1)


def test_processes_leave_their_parts(tmp_path: Path) -> None:
    parts = [recording(exchange()).leave(tmp_path), recording(exchange(b"{}")).leave(tmp_path)]
    elsewhere = Recording(part="traffic-1.part", left_out=1)
    # Both were left by this process, and so in one file, which the later one has replaced.
    log = written(tmp_path, parts[1], elsewhere)
    assert [each["request"]["method"] for each in log["entries"]] == ["PATCH"]
    assert "those of 1 processes on other machines" in log["comment"]
    assert [each.name for each in tmp_path.iterdir()] == ["traffic.har"]


def test_parts_that_nobody_put_together_go(tmp_path: Path) -> None:
    recording(exchange()).leave(tmp_path)
    discard_parts(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_har_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "traffic.har").mkdir()
    problem = put_together(tmp_path, [recording(exchange())], {})
    assert problem == f"{tmp_path / 'traffic.har'} cannot be written: Is a directory"
