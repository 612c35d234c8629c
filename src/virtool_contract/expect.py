"""The verbs of a promise: each names what the promise is about, and checks that it came about.

The stage judges every answer by the contract as it comes; what breaks a clause is in the ledger by
then. A verb makes sure that the play really reached what the promise speaks of. So its answer is
three-valued: the promise is kept, it is broken, or `Unobserved` says why it could not be seen.
"""

from virtool_contract.model import NOT_IMPLEMENTED, Phase
from virtool_contract.player import Answer
from virtool_contract.stage import Stage
from virtool_contract.subject import Subject
from virtool_contract.target import Unobserved


def success(answer: Answer) -> None:
    """The request had to succeed, there being no reason to refuse it."""
    if answer.due.refused:
        reasons = ", ".join(answer.due.reasons)
        raise Unobserved(f"the request was due to be refused ({reasons}), for an earlier violation")


def refusal(answer: Answer, *reasons: str) -> None:
    """The request had to be refused, for exactly these reasons."""
    if NOT_IMPLEMENTED in answer.due.reasons:
        raise Unobserved("Remove is not implemented")
    if set(answer.due.reasons) != set(reasons):
        due = ", ".join(answer.due.reasons) or "none"
        raise Unobserved(f"the reasons to refuse were {due}, not {', '.join(reasons)}")


def state(subject: Subject, phase: Phase) -> None:
    """The subject had to be in that state by now."""
    if subject.known.phase is not phase:
        raise Unobserved(f"the analysis was {subject.known.phase}, not {phase}")


def files(answer: Answer) -> None:
    """The document had to list files, which it can only where the provider has made some."""
    document = answer.judgement.document or {}
    if document.get("files") == []:
        raise Unobserved("the provider made no files for `files: true`, or the target hides them")


def implemented(stage: Stage) -> None:
    """Remove had to be implemented."""
    if not stage.target.removes:
        raise Unobserved("Remove is not implemented")


def unimplemented(stage: Stage) -> None:
    """Remove had to be unimplemented."""
    if stage.target.removes:
        raise Unobserved("Remove is implemented")


def labelled(answer: Answer) -> None:
    """The body had to be labelled JSON, which is a server's free choice for an error."""
    if not answer.response.is_json:
        raise Unobserved("the target's error bodies are not labelled JSON")
