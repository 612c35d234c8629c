"""Hooks for the schemathesis CLI: what a patient user would write to have it get anywhere.

Each request that does not follow a link goes to an analysis that the provider has just set up, and
is sent by the job that runs it; one that follows a link goes where the link says, as its owner. A
generated credential (for there is a security scheme to generate for) gives way to the owner's.
"""

import base64
import os
from typing import Any

import requests
import schemathesis
from schemathesis import AuthContext, Case, HookContext

OWNERS: dict[str, str] = {}
"""The Authorization header of its owner, by the id of the analysis."""


def set_up() -> str:
    """Have an analysis set up; its id."""
    message = {"action": "setup", "state": "a pending analysis", "params": {"files": True}}
    answer = requests.post(os.environ["STATE_CHANGE_URL"], json=message, timeout=10).json()
    user = f"job-{answer['job_id']}:{answer['job_key']}"
    OWNERS[answer["analysis_id"]] = "Basic " + base64.b64encode(user.encode()).decode()
    return str(answer["analysis_id"])


@schemathesis.hook
def before_call(_context: HookContext | None, case: Case[Any], _kwargs: dict[str, Any]) -> None:
    """Send a case to a subject of its own, as its owner."""
    if case.path_parameters.get("analysis_id") not in OWNERS:
        case.path_parameters["analysis_id"] = set_up()


@schemathesis.auth(refresh_interval=None)
class Owner:
    """Authenticates a case as the owner of its analysis."""

    def get(self, case: Case[Any], _context: AuthContext) -> str:
        """The owner's header; the analysis is set up where the case has none yet."""
        before_call(None, case, {})
        return OWNERS[case.path_parameters["analysis_id"]]

    def set(self, case: Case[Any], data: str, _context: AuthContext) -> None:
        """Put it into the case."""
        case.headers["Authorization"] = data
