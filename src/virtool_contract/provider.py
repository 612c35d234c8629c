"""Provider states: what the target must hold before a scenario, set up by whoever runs the target.

The messages are Pact's state changes (docs/targets.md): one JSON object in, one out.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol

from virtool_contract.json_values import Json, NotJsonError, parse, show

PENDING_ANALYSIS = "a pending analysis"
JOB_WITHOUT_ANALYSIS = "a job that runs no analysis"

ANSWER_LIMIT = 1024 * 1024
"""How many bytes of a provider's answer are read."""


class ProviderError(RuntimeError):
    """The provider did not set up what was asked for; the run can establish nothing (exit 3)."""


class AnswerError(ProviderError):
    """The provider's answer to a state change lacks what it is asked for; `why` says what."""

    def __init__(self, state: str, why: str) -> None:
        """Say so with the state, for which reason only is in `why`."""
        super().__init__(f"the provider's answer to {state!r} {why}")
        self.why = why


class ExhaustedError(ProviderError):
    """There are no more analyses, or the run may not ask for more; what was seen holds."""


class UnknownStateError(ProviderError):
    """The provider does not know the state; clauses that need it stay unobserved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a job identifies itself with: an id and a key for HTTP Basic, or headers as they are."""

    job_id: str = ""
    job_key: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handout:
    """An analysis that the provider set up, with the credentials of the job that runs it."""

    analysis_id: str
    credentials: Credentials


class Provider(Protocol):
    """Anything that answers state changes."""

    def change(self, action: str, state: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Carry out one state change.

        Raises:
            ProviderError: it could not be carried out.
        """

    def directly(self) -> "Provider":
        """The provider that sets up when it is asked, in that order, and nothing ahead."""

    def forget(self) -> None:
        """Hand out nothing that was set up before: the target may have lost it."""

    def close(self) -> None:
        """Let go of what the provider was reached by; nothing is asked of it any more."""


def read_answer(
    place: str, hint: str, state: str, raw: bytes, *, said: str = ""
) -> Mapping[str, Any]:
    """Read the answer to a state change: one JSON object.

    `place` names the provider, `said` how it answered, and `hint` what to look at if this is none.

    Raises:
        UnknownStateError: the provider does not know the state.
        ProviderError: it refuses, or this is no JSON object.
    """
    said = said or f"{place} answered"
    try:
        answer = parse(raw)
    except NotJsonError as error:
        raise ProviderError(f"{said} with what is no JSON ({error}): {hint}") from None
    if not isinstance(answer, dict):
        raise ProviderError(f"{said} with {_kind(answer)}: expected a JSON object")
    if not is_text(answer):
        raise ProviderError(f"{said} with a lone surrogate in it")
    if answer.get("error") == "unknown state":
        raise UnknownStateError(f"{place} does not know the state {state!r}")
    if "error" in answer:
        raise ProviderError(f"{said} to {state!r}: {show(answer['error'])}")
    return answer


def reason(error: BaseException) -> str:
    """The innermost cause of a connection problem, in a few words."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return ascii(" ".join(str(text).split()))[1:-1]


def pending_analysis(provider: Provider, *, files: bool, sample_of: str = "") -> Handout:
    """Set up one pending analysis.

    `sample_of` is the id of an analysis whose sample it should share; a provider that cannot do
    that leaves it be.

    Raises:
        AnswerError: the answer lacks `analysis_id` or credentials.
        ProviderError: refused.
    """
    params = {"files": files} | ({"sample_of": sample_of} if sample_of else {})
    answer = provider.change("setup", PENDING_ANALYSIS, params)
    analysis_id = answer.get("analysis_id")
    if isinstance(analysis_id, bool) or not isinstance(analysis_id, str | int) or analysis_id == "":
        got = _kind(analysis_id)
        raise AnswerError(PENDING_ANALYSIS, f"has no `analysis_id`: expected a string, got {got}")
    return Handout(analysis_id=str(analysis_id), credentials=_credentials(answer, PENDING_ANALYSIS))


def check_pending(analysis_id: str, document: Json) -> None:
    """Make sure that a document just read is not that of an analysis which is finalized already.

    What says that it is another analysis's says nothing of this one.

    Raises:
        ProviderError: it is; to play on would accuse the target of what the provider did.
    """
    if not isinstance(document, dict):
        return  # a broken clause, which the promises will report
    if str(document.get("id", analysis_id)) != analysis_id:
        return  # another
    if document.get("ready") is True and isinstance(document.get("results"), dict):
        raise ProviderError(
            "the provider handed out an analysis that is not pending: its `ready` is true; "
            "expected a fresh analysis without results for the state 'a pending analysis', and a "
            "--state-file that no run has used before"
        )


def job_without_analysis(provider: Provider) -> Credentials:
    """Set up one job that runs no analysis.

    Raises:
        UnknownStateError: the provider cannot.
        AnswerError: the answer lacks credentials.
        ProviderError: refused.
    """
    answer = provider.change("setup", JOB_WITHOUT_ANALYSIS, {})
    return _credentials(answer, JOB_WITHOUT_ANALYSIS)


def _credentials(answer: Mapping[str, Any], state: str) -> Credentials:
    headers = answer.get("headers")
    if headers is not None and not _is_headers(headers):
        raise AnswerError(
            state, "has wrong `headers`: expected an object of strings in printable ASCII"
        )
    job_id, job_key = answer.get("job_id"), answer.get("job_key")
    if not headers and (job_id in (None, "") or not isinstance(job_key, str) or not job_key):
        raise AnswerError(state, "lacks credentials: expected `job_id` and `job_key`, or `headers`")
    job = "" if job_id is None else str(job_id)
    return Credentials(job_id=job, job_key=str(job_key or ""), headers=headers or {})


def _is_headers(value: object) -> bool:
    """Whether a value can go out as headers; one that cannot would be shown in the error."""
    return isinstance(value, dict) and all(
        isinstance(text, str) and text.isascii() and text.isprintable() and text == text.strip()
        for item in value.items()
        for text in item
    )


def is_text(answer: Mapping[str, Any]) -> bool:
    """Whether an answer can be sent on: a lone surrogate is in no encoding."""
    try:
        json.dumps(answer, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _kind(value: object) -> str:
    """A value for a message; of one that may hold a key, only what it is."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "an array"
    return "nothing" if value is None else show(value)
