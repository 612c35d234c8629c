"""Files of traffic: what is read, and what is said of one that cannot be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.traffic.test_validating import get, patch
from virtool_contract.cli import main

if TYPE_CHECKING:
    from pathlib import Path


def har(*entries: object, **members: object) -> str:
    return json.dumps({"log": {"version": "1.2", "entries": entries, **members}})


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.har", "", "is no HAR"),
        ("a.har", "{}", "has no log.entries"),
        ("a.har", "[1, 2]", "has no log.entries"),
        ("a.har", "<html>", "is no HAR"),
        ("a.har", '{"log": {"entries": [', "ends within its entries, after 0"),
        ("a.har", har(get({}, 0))[:-40], "ends within its entries"),
        ("a.har", '{"log": {"entries": [{]}}', "no"),
        ("a.har", har(1), "entry 1: is no object"),
        ("a.har", har(get({}, 0), {}), "entry 2: is no entry of a HAR (\"no 'request'\")"),
        ("a.har", har({**get({}, 0), "startedDateTime": "today"}), "entry 1: is no entry"),
        ("a.har", har({**get({}, 0), "_caller": "nobody"}), "entry 1: is no entry"),
        ("a.har", har({**get({}, 0), "request": 1}), "entry 1: is no entry"),
        ("a.har", b"\xff\xfe\x00", "is no HAR"),
        ("a.jsonl", "{", "line 1: no JSON"),
        ("a.jsonl", "\n\n[]", "line 3: is no object"),
        ("a.jsonl", json.dumps(get({}, 0)) + "\n" + json.dumps(get({}, 0))[:-9], "line 2: no JSON"),
    ],
)
def test_a_file_that_is_no_traffic_is_complained_of(
    name: str, text: str | bytes, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    assert main(["validate", str(file)]) == 2
    complaint = capsys.readouterr().err
    assert said in complaint
    assert complaint.count("\n") == 1
    assert complaint.isprintable() or complaint[:-1].isprintable()


@pytest.mark.parametrize("name", ["nosuch.har", "nosuch.jsonl", "."])
def test_a_file_that_cannot_be_read(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["validate", name]) == 2
    assert "cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("name", ["a.har", "a.jsonl", "a.ndjson"])
def test_both_kinds_of_file_say_the_same(
    name: str, mark: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = [patch(None, 0), patch(None, 1)]
    lines = "\n".join(map(json.dumps, entries))
    file = tmp_path / name
    file.write_bytes(mark + (har(*entries) if name == "a.har" else lines).encode())
    assert main(["validate", str(file)]) == 1
    assert "finalize.once                  must    BROKEN" in capsys.readouterr().out


def test_what_our_own_recording_leaves_out_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.har"
    log = {"log": {"comment": "Left out: much.", "_removes": False, "entries": [get(None, 0)]}}
    file.write_text(json.dumps(log))
    assert main(["validate", str(file)]) == 0
    said = capsys.readouterr().out
    assert "the file says: Left out: much." in said
    assert "not implemented" in said
