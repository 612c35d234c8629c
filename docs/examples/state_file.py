"""Disposable analyses for --state-file.

    python state_file.py make DATABASE COUNT > analyses.jsonl
    python state_file.py remove DATABASE < analyses.jsonl

The file has keys in it: delete it afterwards. For throw-away databases only; never run it against
one in production.
"""

import json
import sys
from pathlib import Path

from seeding import answer

ANALYSIS, JOB = "a pending analysis", "a job that runs no analysis"


def change(action: str, state: str, params: dict[str, object]) -> dict[str, object]:
    """Make one state change, or end with what went wrong."""
    message = {"action": action, "state": state, "params": params}
    answered = answer(Path(sys.argv[2]), json.dumps(message))
    if "error" in answered:
        sys.exit(f"{state}: {answered['error']}")
    return answered


if sys.argv[1] == "make":
    print(json.dumps({"state": JOB, **change("setup", JOB, {})}), flush=True)
    for _ in range(int(sys.argv[3])):
        print(json.dumps(change("setup", ANALYSIS, {"files": True}) | {"files": True}), flush=True)
else:
    for made in map(json.loads, sys.stdin):
        change("teardown", made.get("state", ANALYSIS), made)
