"""A target that differs from the page in what the suite can adapt to is judged by the rest."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from virtool_contract.reference.service import Service
from virtool_contract.reference.values import Analysis, Document
from virtool_contract.serve import service

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Cli

FIELDS = ("--extra-body-fields", '{"files": []}')


def verify(cli: Cli, url: str, folder: Path, *words: str) -> tuple[int, dict[str, Any]]:
    at = ("--base-url", url, "--state-change-url", f"{url}/provider-states")
    done = cli("verify", "--effort", "quick", *at, "--report-dir", str(folder), *words)
    assert "Traceback" not in done.stderr
    return done.returncode, json.loads((folder / "report.json").read_bytes())


def test_a_target_that_wants_more_in_the_body(
    cli: Cli, served: Callable[[Service], str], tmp_path: Path
) -> None:
    url = served(service(["files-wanted"], []))
    code, report = verify(cli, url, tmp_path, "-k", "finalize.answer")
    assert code == 1
    code, report = verify(cli, url, tmp_path, *FIELDS)
    assert code == 0
    assert report["adaptations"] == [
        "every finalize body has `files` besides (--extra-body-fields)"
    ]


def test_what_is_not_adapted_to_is_found_still(
    cli: Cli, served: Callable[[Service], str], tmp_path: Path
) -> None:
    url = served(service(["files-wanted", "finalize-is-201"], []))
    code, report = verify(cli, url, tmp_path, *FIELDS, "-k", "finalize.answer")
    assert code == 1
    broken = {each["id"] for each in report["clauses"] if each["verdict"] == "broken"}
    assert broken == {"documented-status", "finalize.answer"}


class WithIntegerIds(service([], ["numeric-ids"]).__class__):  # type: ignore[misc]  # made at run time
    """Ids are integers to the outside, as a database column hands them out."""

    @override
    def set_up_pending(self, params: Document) -> Document:
        handout: Document = super().set_up_pending(params)
        return handout | {name: int(handout[name]) for name in ("analysis_id", "job_id")}

    @override
    def document_of_get(self, analysis: Analysis) -> Document:
        document: Document = super().document_of_get(analysis)
        return document | {"id": int(analysis.id)}

    @override
    def document_of_finalize(self, analysis: Analysis) -> Document:
        document: Document = super().document_of_finalize(analysis)
        return document | {"id": int(analysis.id)}


def test_integer_ids_break_a_clause_and_the_run_goes_on(
    cli: Cli, served: Callable[[Service], str], tmp_path: Path
) -> None:
    code, report = verify(cli, served(WithIntegerIds()), tmp_path)
    assert code == 1
    verdicts = {each["id"]: each["verdict"] for each in report["clauses"]}
    broken = {clause for clause, verdict in verdicts.items() if verdict == "broken"}
    assert broken
    assert broken <= {"get.document", "get.identity", "finalize.answer"}
    assert verdicts["finalize.once"] == verdicts["remove.gone"] == "kept"
