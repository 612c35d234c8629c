"""Disposable analyses for --state-file.

    python state_file.py make DATABASE COUNT > analyses.jsonl
    python state_file.py remove DATABASE < analyses.jsonl

The file has keys in it: delete it afterwards. For throw-away databases only; never run it against
one in production.
"""

import json
import sys
from pathlib import Path
from typing import Any

from seeding import answer

ANALYSIS, JOB = "a pending analysis", "a job that runs no analysis"


def change(database: str, action: str, state: str, params: dict[str, Any]) -> dict[str, Any]:
    """Make one state change, or end with what went wrong."""
    message = {"action": action, "state": state, "params": params}
    answered = answer(Path(database), json.dumps(message))
    if "error" in answered:
        sys.exit(f"{action} {state}: {answered['error']}")
    return answered


match sys.argv[1:]:
    case ["make", database, count]:
        print(json.dumps({"state": JOB} | change(database, "setup", JOB, {})))
        for _ in range(int(count)):
            made = change(database, "setup", ANALYSIS, {"files": True})
            print(json.dumps(made | {"files": True}))
    case ["remove", database]:
        for made in map(json.loads, sys.stdin):
            change(database, "teardown", made.get("state", ANALYSIS), made)
    case _:
        sys.exit(__doc__)
