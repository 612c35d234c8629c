"""Never harm a target: analyses of others are as they were, however broken its authorization."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import pytest
from typing_extensions import override

from virtool_contract.disguises import DISGUISES, similar_ids
from virtool_contract.reference.service import Service
from virtool_contract.reference.values import Analysis, Call, Document, Job, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import Cli

    Served: TypeAlias = Callable[[Service], str]

SIMPLE = [
    *map(str, range(1, 301)),
    *(first + second for first in "abcdefghij" for second in "abcdefghij"),
]
RESULTS: Document = {"kept": [1, 2, 3]}


class Lawless(Service):
    """Any job may write to any analysis; what is handed out lies between analyses of others.

    Each handed-out id has bystanders of its own: its neighbours, everything that a disguise makes
    of it, and ids similar to it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.handed_out: set[str] = set()
        self.bystanders: dict[str, Analysis] = {}
        self.next = 0
        for analysis_id in SIMPLE:
            self.stand_by(analysis_id)

    def stand_by(self, analysis_id: str) -> None:
        """An analysis of somebody else, every second one finalized."""
        if analysis_id in self.store.analyses or analysis_id in self.handed_out:
            return
        analysis = self.new_analysis(analysis_id, "somebody", files=1)
        if len(self.bystanders) % 2:
            analysis = replace(analysis, ready=True, results=RESULTS)
        self.bystanders[analysis_id] = analysis
        self.store.put(analysis)

    @override
    def new_job(self, analysis_id: str | None) -> Job:
        job = super().new_job(self.free_id() if analysis_id else None)
        if job.analysis_id:
            self.handed_out.add(job.analysis_id)
            for near in self.neighbours(job.analysis_id):
                self.stand_by(near)
        return job

    def free_id(self) -> str:
        """The next id that nobody has."""
        while True:
            self.next += 1
            if str(self.next + 300) not in self.store.analyses:
                return str(self.next + 300)

    def neighbours(self, analysis_id: str) -> Iterator[str]:
        """Ids that a slip would make of one."""
        yield from (f"{analysis_id}{digit}" for digit in "01")
        yield from (each.make(analysis_id) for each in DISGUISES.values())
        yield from list(similar_ids(analysis_id))[:2]

    @override
    def may_finalize(self, job: Job, analysis: Analysis) -> bool:
        return True

    @override
    def may_remove(self, job: Job, analysis: Analysis) -> bool:
        return True


class LawlessForReadsToo(Lawless):
    """Any job may read any analysis besides."""

    @override
    def may_get(self, job: Job, analysis: Analysis) -> bool:
        return True


class HidesOthers(Lawless):
    """Says of analyses of others that they are not there."""

    @override
    async def get(self, call: Call) -> Reply:
        reply = await super().get(call)
        return self.absent(call) if reply.status == 403 else reply


class HidesFinalizedOnes(Lawless):
    """Says of finalized analyses of others that they are not there."""

    @override
    async def get(self, call: Call) -> Reply:
        reply = await super().get(call)
        found = self.find(call.analysis_id)
        return self.absent(call) if reply.status == 403 and found and found.ready else reply


class TakesBeginnings(Lawless):
    """Takes an id that it does not know for the beginning of one that it knows."""

    @override
    def find(self, analysis_id: str) -> Analysis | None:
        found = (a for known, a in self.store.analyses.items() if known.startswith(analysis_id))
        return super().find(analysis_id) or next(found, None)


class TakesBeginningsInWrites(TakesBeginnings):
    """Does so in writes only: its reads know better."""

    @override
    async def get(self, call: Call) -> Reply:
        known = call.analysis_id in self.store.analyses
        return await super().get(call) if known else self.absent(call)


class FoldsCase(Lawless):
    """Has ids of letters, and does not tell capital ones from small ones."""

    @override
    def free_id(self) -> str:
        self.next += 1
        return f"aB{self.next:03}xY"

    @override
    def find(self, analysis_id: str) -> Analysis | None:
        folded = analysis_id.casefold()
        found = (a for known, a in self.store.analyses.items() if known.casefold() == folded)
        return super().find(analysis_id) or next(found, None)


class Trims(Lawless):
    """Trims what it takes for an id, and reads the number in it."""

    @override
    def find(self, analysis_id: str) -> Analysis | None:
        digits = "".join(char for char in analysis_id if char.isdigit())
        return super().find(analysis_id) or super().find(digits)


LAWLESS = [
    Lawless,
    LawlessForReadsToo,
    HidesOthers,
    HidesFinalizedOnes,
    TakesBeginnings,
    TakesBeginningsInWrites,
    FoldsCase,
    Trims,
]
PROMISES = "test_access or absent or gone or finalize.own-only or remove.own-only"
SEARCHES = "removals_at_once or (generated_requests and remove)"
RUNS = [
    *((make, SEARCHES, {"remove.own-only"}) for make in LAWLESS),
    *((make, PROMISES, {"finalize.own-only", "remove.own-only"}) for make in LAWLESS),
    (FoldsCase, "test_stories", {"remove.own-only"}),
    (TakesBeginningsInWrites, "test_stories", {"remove.own-only"}),
]


@pytest.mark.parametrize(("make", "selection", "reported"), RUNS)
def test_no_bystander_is_changed(
    cli: Cli,
    served: Served,
    tmp_path: Path,
    *,
    make: type[Lawless],
    selection: str,
    reported: set[str],
) -> None:
    server = make()
    url = served(server)
    words = ("--base-url", url, "--state-change-url", f"{url}/provider-states", "-k", selection)
    done = cli("verify", *words, "--report-dir", str(tmp_path))
    assert done.returncode == 1, done.stdout + done.stderr
    changed = [
        analysis_id
        for analysis_id, analysis in server.bystanders.items()
        if server.store.analyses.get(analysis_id) != analysis
    ]
    assert changed == []
    assert len(server.bystanders) > 400
    report = json.loads((tmp_path / "report.json").read_text())
    broken = {each["id"] for each in report["clauses"] if each["verdict"] == "broken"}
    assert reported <= broken
    writes = [json.loads(line) for line in (tmp_path / "writes.jsonl").read_text().splitlines()]
    assert {write["path"].rpartition("/")[2] for write in writes} <= server.handed_out
    assert {write["reason"] for write in writes} == {"handed out"}
