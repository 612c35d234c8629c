"""`virtool-contract check-docs`: does the contract still say what a documentation page says?"""

import sys
from pathlib import Path

from virtool_contract import loading
from virtool_contract.documentation.differences import differences
from virtool_contract.documentation.page import PageError
from virtool_contract.documentation.parsing import parse_page

AGREES, DIFFERS, USAGE = 0, 1, 2


def check_docs(path: Path, spec: str | None) -> int:
    """Print where a page and the contract differ, and say it by the exit code.

    Raises:
        ContractError: `spec` is no contract.
    """
    contract = loading.load(spec)
    try:
        page = parse_page(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        print(f"virtool-contract: {path}: cannot be read: {reason}", file=sys.stderr)
        return USAGE
    except PageError as error:
        print(f"virtool-contract: {path}, {error}", file=sys.stderr)
        return USAGE
    found = differences(page, contract.document)
    for line in found:
        print(line)
    if not found:
        print(f"{path.name} and the contract agree (endpoints, tables, examples; not prose)")
    return DIFFERS if found else AGREES
