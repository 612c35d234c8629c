"""Provider states: how a suite gets the server to hold what a scenario needs."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from virtool_contract.reference.minting import Minting
from virtool_contract.reference.store import Store
from virtool_contract.reference.values import Document, Reply

PENDING: Final = "a pending analysis"
IDLE: Final = "a job that runs no analysis"


class StateError(ValueError):
    """A state change that cannot be made, and the status to say so with."""

    def __init__(self, status: int, message: str) -> None:
        """Keep the status; the message is for the caller."""
        super().__init__(message)
        self.status = status


class Provider(Minting):
    """Sets states up and tears them down, in Pact's state-change shape."""

    def __init__(self) -> None:
        """Start with an empty store."""
        super().__init__()
        self.store = Store()

    def change_state(self, body: bytes) -> Reply:
        """Make the state change that a JSON body asks for."""
        try:
            named, params = change_in(body)
            change = self.state_changes.get(named, unknown)
            return Reply(status=200, content=change(params))
        except StateError as error:
            return Reply(status=error.status, content={"error": str(error)})

    @property
    def state_changes(self) -> dict[tuple[str, str], Callable[[Document], Document]]:
        """Return what carries out each change, by action and state."""
        return {
            ("setup", PENDING): self.set_up_pending,
            ("setup", IDLE): self.set_up_idle,
            ("teardown", PENDING): self.tear_down_pending,
            ("teardown", IDLE): self.tear_down_idle,
        }

    def set_up_pending(self, params: Document) -> Document:
        """Make an analysis and the job that runs it."""
        files = self.random.randint(1, 2) if params.get("files") is True else 0
        job = self.new_job(analysis_id=self.new_id())
        assert job.analysis_id is not None
        self.store.hire(job)
        analysis = self.new_analysis(job.analysis_id, job.id, files)
        other = self.store.analyses.get(str(params.get("sample_of")))
        self.store.put(replace(analysis, sample=other.sample) if other else analysis)
        return {"analysis_id": job.analysis_id, "job_id": job.id, "job_key": job.key}

    def set_up_idle(self, _params: Document) -> Document:
        """Make a job that runs no analysis."""
        job = self.new_job(analysis_id=None)
        self.store.hire(job)
        return {"job_id": job.id, "job_key": job.key}

    def tear_down_pending(self, params: Document) -> Document:
        """Take away an analysis, whatever its state, and its job."""
        analysis_id = text_in(params, "analysis_id")
        self.store.erase(analysis_id)
        self.store.dismiss_runners_of(analysis_id)
        return {}

    def tear_down_idle(self, params: Document) -> Document:
        """Take away a job."""
        self.store.dismiss(text_in(params, "job_id"))
        return {}


def change_in(body: bytes) -> tuple[tuple[str, str], Document]:
    """Return the action and the state a body asks for, and its parameters.

    Raises:
        StateError: the body asks for nothing.
    """
    try:
        request = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise StateError(400, "the body must be JSON") from error
    if not isinstance(request, dict):
        raise StateError(400, "the body must be a JSON object")
    action, state = text_in(request, "action"), text_in(request, "state")
    params = request.get("params", {})
    if action not in {"setup", "teardown"}:
        raise StateError(400, "action must be setup or teardown")
    if not isinstance(params, dict):
        raise StateError(400, "params must be a JSON object")
    return (action, state), params


def unknown(_params: Document) -> Document:
    """Refuse a state that nobody knows.

    Raises:
        StateError: always.
    """
    raise StateError(404, "unknown state")


def text_in(members: Document, name: str) -> str:
    """Return a member that must be a string.

    Raises:
        StateError: it is missing, or something else.
    """
    value = members.get(name)
    if not isinstance(value, str):
        raise StateError(400, f"{name} must be a string")
    return value
