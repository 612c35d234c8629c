"""A state file hands out each analysis once, and a wrong one is named by file and line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from virtool_contract.json_values import Json
from virtool_contract.provider import ExhaustedError, UnknownStateError
from virtool_contract.providers import file
from virtool_contract.providers.file import StateFileError

if TYPE_CHECKING:
    from pathlib import Path

    from virtool_contract.providers.file import FileProvider

PENDING = "a pending analysis"
IDLE = "a job that runs no analysis"


def analysis(name: object, **more: Json) -> dict[str, Json]:
    return {"analysis_id": name, "job_id": f"job-of-{name}", "job_key": "k", **more}


def read(folder: Path, *lines: object, share: tuple[int, int] = (0, 1)) -> FileProvider:
    path = folder / "states.jsonl"
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return file.read(str(path), share)


def taken(provider: FileProvider, *, files: bool) -> object:
    return provider.change("setup", PENDING, {"files": files})["analysis_id"]


def test_each_is_handed_out_once(tmp_path: Path) -> None:
    provider = read(tmp_path, analysis("a"), "", analysis(2), analysis("c", headers={"X": "y"}))
    assert provider.count == 3
    assert [taken(provider, files=True) for _ in range(3)] == ["a", 2, "c"]
    assert provider.change("teardown", PENDING, {"analysis_id": "a"}) == {}
    with pytest.raises(
        ExhaustedError, match=r"all of the 3 analyses of --state-file .*states\.jsonl are used"
    ):
        taken(provider, files=False)
    provider.close()


def test_files_are_given_to_those_who_want_them(tmp_path: Path) -> None:
    lines = [analysis("some", files=True), analysis("none", files=False), analysis("unsaid")]
    provider = read(tmp_path, *lines)
    assert [taken(provider, files=False) for _ in range(2)] == ["none", "unsaid"]
    assert taken(provider, files=True) == "some"
    assert taken(read(tmp_path, lines[0]), files=False) == "some"
    assert taken(read(tmp_path, lines[1]), files=True) == "none"


def test_a_job_without_analysis_serves_again_and_again(tmp_path: Path) -> None:
    job = {"state": IDLE, "job_id": "j", "job_key": "k"}
    provider = read(tmp_path, job, analysis("a", state=PENDING))
    assert provider.count == 1
    assert provider.change("setup", IDLE, {}) == provider.change("setup", IDLE, {}) == job
    with pytest.raises(UnknownStateError, match="has no line for 'a job that runs no analysis'"):
        read(tmp_path, analysis("a")).change("setup", IDLE, {})


def test_several_processes_share_it(tmp_path: Path) -> None:
    lines = [analysis(number) for number in range(5)]
    parts = [read(tmp_path, *lines, share=(number, 2)) for number in range(2)]
    assert [part.count for part in parts] == [3, 2]
    assert [taken(parts[1], files=False) for _ in range(2)] == [1, 3]


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("analysis a", ":2: Expecting value"),
        ("[]", ":2: is no JSON object"),
        ({"analysis_id": "b"}, ":2: lacks credentials"),
        (analysis(None), ":2: has no `analysis_id`"),
        (analysis("b", state="a finalized analysis"), ":2: has a `state` that is not known"),
        (analysis("b", files="yes"), ":2: has `files` that are neither true nor false"),
        (analysis("b", files=1), ":2: has `files` that are neither true nor false"),
        (analysis("b", headers={"X": 1}), ":2: has wrong `headers`"),
        ({"state": IDLE, "job_id": "b"}, ":2: lacks credentials"),
        (analysis("b", files=[]), ":2: has `files` that are neither true nor false"),
        (analysis("b", state=[]), ":2: has a `state` that is not known"),
        ('{"analysis_id": "b", "job_id": "j", "job_key": "\\ud800"}', ":2: has a lone surrogate"),
        (analysis("a"), ':2: has the analysis "a", as line 1 has'),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, line: object, part: str) -> None:
    with pytest.raises(StateFileError) as caught:
        read(tmp_path, analysis("a"), line)
    said = str(caught.value)
    assert said.startswith(str(tmp_path / "states.jsonl"))
    assert part in said


def test_lines_end_where_json_lines_end(tmp_path: Path) -> None:
    path = tmp_path / "states.jsonl"
    text = '{"analysis_id": "a\u2028\u0085", "job_id": "j", "job_key": "k"}\r\n\r\n'
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert taken(file.read(str(path)), files=True) == "a\u2028\u0085"


@pytest.mark.parametrize("lines", [(), ("",), ({"state": IDLE, "job_id": "j", "job_key": "k"},)])
def test_a_file_without_analyses_is_wrong(tmp_path: Path, lines: tuple[object, ...]) -> None:
    with pytest.raises(StateFileError, match=r"states\.jsonl: has no analysis in it; try"):
        read(tmp_path, *lines)


def test_a_process_whose_share_is_nothing_runs_out(tmp_path: Path) -> None:
    provider = read(tmp_path, analysis("a"), share=(1, 2))
    with pytest.raises(ExhaustedError, match="all of the 0 analyses"):
        taken(provider, files=True)


@pytest.mark.parametrize("content", [None, b"\xff"])
def test_a_file_that_cannot_be_read(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "states.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StateFileError, match=r"states\.jsonl: cannot be read: "):
        file.read(str(path))
