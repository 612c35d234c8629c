"""Which ids may be written to, and the log of the writes."""

import json
from pathlib import Path

import pytest

from virtool_contract import guard as module
from virtool_contract.guard import Guard, Reason, UnsafeWriteError, Write, unfit

PATH = "/api/analyses/a"


@pytest.mark.parametrize("fit", ["7", "uskrqsxm", "a.b", "A_b-c~", "{x}", "urn:x", "é", "x" * 255])
def test_ids_that_may_stand_in_a_path(fit: str) -> None:
    assert unfit(fit) == ""
    Guard().admit(fit)


UNFIT = [
    "",
    ".",
    "..",
    "../x",
    "a/b",
    "a\\b",
    "a?b",
    "a#b",
    "a%2e",
    "a;b",
    "a b",
    " a",
    "a\n",
    "a\t",
]


@pytest.mark.parametrize("odd", [*UNFIT, "\x1b[31m", "\u202ea", "\u00a0", "x" * 256])
def test_ids_that_may_not(odd: str) -> None:
    assert unfit(odd)
    guard = Guard()
    with pytest.raises(UnsafeWriteError, match="cannot be written to"):
        guard.admit(odd)
    guard.note_read(odd, 404)
    with pytest.raises(UnsafeWriteError, match="cannot be written to"):
        guard.admit_absent(odd)
    assert not guard.allows(odd)


def test_an_id_counts_as_absent_after_a_404_only() -> None:
    guard = Guard()
    for status in (200, 401, 403, 410, 500):
        guard.note_read("a", status)
        with pytest.raises(UnsafeWriteError, match="not read as absent"):
            guard.admit_absent("a")
    guard.note_read("a", 404)
    guard.admit_absent("a")
    guard.let_through("PATCH", "a", PATH)
    assert [*guard.log.latest] == [Write(method="PATCH", path=PATH, reason=Reason.READ_AS_ABSENT)]


@pytest.mark.parametrize(("status", "allowed"), [(200, False), (403, True), (404, True)])
def test_an_absent_id_that_is_found_there_is_somebodys(status: int, *, allowed: bool) -> None:
    guard = Guard()
    guard.note_read("a", 404)
    guard.admit_absent("a")
    guard.note_read("a", status)
    assert guard.allows("a") is allowed


def test_what_was_handed_out_stays_so_whatever_is_read() -> None:
    guard = Guard()
    guard.admit("a")
    for status in (404, 200):
        guard.note_read("a", status)
    guard.let_through("DELETE", "a", PATH)
    assert guard.log.latest[-1].reason is Reason.HANDED_OUT
    guard.dismiss(["a", "never admitted"])
    with pytest.raises(UnsafeWriteError, match="'a', which nobody handed out"):
        guard.let_through("DELETE", "a", PATH)
    assert len(guard.log.latest) == 1


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests may themselves be run by a process of pytest-xdist."""
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)


def test_every_write_is_a_line(tmp_path: Path) -> None:
    guard = Guard()
    guard.log.open(tmp_path)
    guard.admit("a")
    guard.let_through("PATCH", "a", PATH)
    guard.let_through("DELETE", "a", PATH)
    lines = (tmp_path / "writes.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"method": "PATCH", "path": PATH, "reason": "handed out"},
        {"method": "DELETE", "path": PATH, "reason": "handed out"},
    ]
    guard.log.close()
    guard.let_through("DELETE", "a", PATH)
    assert len((tmp_path / "writes.jsonl").read_text().splitlines()) == 2


def test_each_process_of_xdist_has_a_log_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw1")
    guard = Guard()
    guard.log.open(tmp_path)
    guard.log.close()
    assert [file.name for file in tmp_path.iterdir()] == ["writes-gw1.jsonl"]


def test_the_log_has_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOG_LIMIT", 200)
    guard = Guard()
    guard.log.open(tmp_path)
    guard.admit("a")
    for _ in range(100):
        guard.let_through("PATCH", "a", PATH)
    content = (tmp_path / "writes.jsonl").read_bytes()
    assert len(content) <= 200 + len(module.LOG_IS_FULL)
    assert content.endswith(b"\n" + module.LOG_IS_FULL)
    assert content.count(module.LOG_IS_FULL) == 1
    assert len(guard.log.latest) == 100


def test_a_full_disk_does_not_end_the_run(tmp_path: Path) -> None:
    (tmp_path / "writes.jsonl").symlink_to("/dev/full")
    guard = Guard()
    guard.log.open(tmp_path)
    guard.admit("a")
    for _ in range(2):
        guard.let_through("PATCH", "a", PATH)
    assert len(guard.log.latest) == 2
