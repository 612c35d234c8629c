"""The contract is listed whole, and docs/clauses.md is that list."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from virtool_contract.clauses import FORMATS, markdown, table

if TYPE_CHECKING:
    from tests.conftest import Cli
    from virtool_contract.contract import Contract

DOCS = Path(__file__).parents[1] / "docs"


def test_the_page_of_clauses_is_the_one_that_the_contract_makes(contract: Contract) -> None:
    made = markdown(contract)
    assert (DOCS / "clauses.md").read_text(encoding="utf-8") == made, (
        "run: virtool-contract clauses --format markdown > docs/clauses.md"
    )


def test_each_link_of_the_page_leads_somewhere(contract: Contract) -> None:
    decisions = (DOCS / "decisions.md").read_text(encoding="utf-8")
    anchors = set(re.findall(r"^### ([a-z-]+)$", decisions, re.MULTILINE))
    linked = set(re.findall(r"decisions\.md#([a-z-]+)", markdown(contract)))
    assert linked
    assert linked <= anchors


def test_the_table_has_every_clause_in_80_columns(contract: Contract) -> None:
    lines = table(contract).splitlines()
    assert max(map(len, lines)) <= 80
    listed = [line.split()[:2] for line in lines if re.match(r"  \S", line)]
    assert listed == [[clause.id, clause.level] for clause in contract.clauses.values()]
    words = " ".join(" ".join(line.strip() for line in lines).split())
    assert all(clause.says.split(" ", 4)[-1][:20] in words for clause in contract.clauses.values())


@pytest.mark.parametrize("name", FORMATS)
def test_the_command_prints_each_format(cli: Cli, contract: Contract, name: str) -> None:
    done = cli("clauses", "--format", name)
    assert done.returncode == 0
    assert done.stdout == FORMATS[name](contract)


def test_json_is_for_machines(cli: Cli, contract: Contract) -> None:
    shape = json.loads(cli("clauses", "--format", "json").stdout)
    assert shape["contract"] == contract.version
    assert [each["id"] for each in shape["clauses"]] == list(contract.clauses)
    races = {each["id"] for each in shape["clauses"] if each["race"]}
    assert races == {"finalize.atomic", "remove.atomic"}


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--format", "yaml"), "invalid choice: 'yaml'"),
        (("--spec", "nowhere.yaml"), "nowhere.yaml"),
    ],
)
def test_what_does_not_work_is_said(cli: Cli, words: tuple[str, ...], part: str) -> None:
    done = cli("clauses", *words)
    assert done.returncode == 2
    assert part in done.stderr
    assert "Traceback" not in done.stderr
