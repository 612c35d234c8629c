"""The contract as a list of its clauses: a table for a terminal, Markdown, or JSON."""

import json
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from typing import Final

from virtool_contract.contract import Clause, Contract

COLUMNS = 80
DECISIONS = re.compile(r"decision ([a-z-]+)")
"""How a source names a reading of the page (docs/decisions.md)."""


def chapters(contract: Contract) -> Iterator[tuple[str, list[Clause]]]:
    """The clauses by operation, in the order of the contract; those of all come first."""
    for operation, clauses in groupby(contract.clauses.values(), key=lambda each: each.operation):
        yield operation.capitalize() or "Every operation", list(clauses)


def table(contract: Contract) -> str:
    """One block a clause, within 80 columns."""
    width = max(map(len, contract.clauses))
    lines: list[str] = []
    for title, clauses in chapters(contract):
        lines += ["", title]
        for clause in clauses:
            said = textwrap.wrap(clause.says, COLUMNS - width - 10, break_on_hyphens=False)
            lines.append(f"  {clause.id:{width}} {clause.level:6} {said[0]}")
            lines += [" " * (width + 10) + line for line in said[1:]]
    return "\n".join(lines[1:]) + "\n"


def markdown(contract: Contract) -> str:
    """A page with one table a chapter; decisions are links into decisions.md beside it."""
    made = "Made by `virtool-contract clauses --format markdown` from `spec/openapi.yaml`."
    count = f"{len(contract.clauses)} clauses"
    lines = ["# Clauses", "", f"Version {contract.version} of the contract: {count}. {made}"]
    for title, clauses in chapters(contract):
        lines += [
            "",
            f"## {title}",
            "",
            "| clause | level | promise | source |",
            "|---|---|---|---|",
        ]
        lines += [_row(clause) for clause in clauses]
    return "\n".join(lines) + "\n"


def _row(clause: Clause) -> str:
    source = DECISIONS.sub(r"decision [\1](decisions.md#\1)", _cell(clause.source))
    return f"| `{clause.id}` | {clause.level} | {_cell(clause.says)} | {source} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def as_json(contract: Contract) -> str:
    """The clauses as one JSON object."""
    clauses = [
        {
            "id": clause.id,
            "level": clause.level,
            "says": clause.says,
            "source": clause.source,
            "operation": clause.operation,
            "race": clause.race,
        }
        for clause in contract.clauses.values()
    ]
    return json.dumps({"contract": contract.version, "clauses": clauses}, indent=2) + "\n"


FORMATS: Final[Mapping[str, Callable[[Contract], str]]] = {
    "table": table,
    "markdown": markdown,
    "json": as_json,
}
