"""How a run against something hostile ends, and what may never come of one."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from benchmarks.measuring import peak, weighing
from tests.commands import bare_environment
from virtool_contract.reference.service import Service
from virtool_contract.reference.values import Job
from virtool_contract.serve import service as faulty

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Serve: TypeAlias = Callable[[Service], str]

MIB = 1024 * 1024
MOST_MEMORY = 400
MOST_SECONDS = 30
"""For one clause of a target that is hostile, with a time-out of a second; most take two."""
VERIFY = ("-m", "virtool_contract", "verify")
OPTIONS = ("--effort", "quick", "--request-timeout", "1")
CONTROL = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A run that has ended: how, and what it has left behind; memory in MiB."""

    code: int
    out: str
    err: str
    memory: float
    report: dict[str, Any]
    files: str

    @property
    def said(self) -> str:
        return self.out + self.err

    @property
    def broken(self) -> set[str]:
        return {each["id"] for each in self.report["clauses"] if each["verdict"] == "broken"}


def run(folder: Path, *words: str, stdin: int = subprocess.DEVNULL) -> Ended:
    """Run `verify` in a process of its own, killed when it is out of bounds."""
    reports = folder / "reports"
    out, err, weight = folder / "out", folder / "err", folder / "weight"
    with out.open("wb") as standard_output, err.open("wb") as standard_error:
        child = subprocess.Popen(
            weighing(weight, [sys.executable, *VERIFY, *words, "--report-dir", str(reports)]),
            cwd=folder,
            env=bare_environment(),
            stdin=stdin,
            stdout=standard_output,
            stderr=standard_error,
            start_new_session=True,
        )
    try:
        code = child.wait(MOST_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        pytest.fail(f"still running after {MOST_SECONDS} seconds")
    return Ended(
        code=code,
        out=out.read_text(),
        err=err.read_text(),
        memory=peak(weight),
        report=json.loads((reports / "report.json").read_text()),
        files="".join(file.read_text() for file in sorted(reports.iterdir())),
    )


def assert_decent(ended: Ended, keys: set[str]) -> None:
    """What holds of every run, however hostile its target."""
    assert ended.memory < MOST_MEMORY
    assert not re.findall(r"Traceback|INTERNALERROR|failed by itself", ended.said)
    assert not CONTROL.findall(ended.said)
    assert not CONTROL.findall(ended.files)
    verdict = {0: "conforms", 1: "violates", 3: "could not test"}[ended.code]
    assert ended.report["verdict"] == verdict
    assert ended.report["problem"] or ended.code != 3
    assert len(ended.report["clauses"]) > 30
    small = (ended.said + ended.files).lower()
    exact = ended.said + ended.files
    assert keys
    for key in keys:
        assert not [each for each in spellings(key) if each.lower() in small], key
        assert not [each for each in in_base64(key.encode()) if each in exact], key


def spellings(key: str) -> Iterator[str]:
    """A key in the ways in which the hostile target spells it, base64 aside."""
    yield key
    yield key.encode().hex()
    yield key.encode("utf-16-le").hex()
    yield "".join(f"\\u{ord(char):04x}" for char in key)
    yield "".join(f"%{ord(char):02x}" for char in key)
    yield "\0".join(key)
    yield "\\x00".join(key)
    yield "\\u0000".join(key)


def in_base64(secret: bytes) -> Iterator[str]:
    """What base64 has of a secret wherever it begins, without what it shares with neighbours."""
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + secret).decode()
        yield whole[(0, 2, 3)[before] : (before + len(secret)) * 8 // 6]


def noting(fault: str) -> tuple[Service, set[str]]:
    """A reference server, perhaps with a fault, and the keys that it hands out as it goes."""
    reference = faulty((fault,) if fault else (), ())
    keys: set[str] = set()
    make = reference.new_job

    def new_job(analysis_id: str | None) -> Job:
        job = make(analysis_id)
        keys.add(job.key)
        return job

    reference.new_job = new_job  # type: ignore[method-assign]  # to listen in
    return reference, keys
