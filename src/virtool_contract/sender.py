"""Sends the steps of a play, and holds back writes that could reach somebody else's analysis."""

from itertools import count

from virtool_contract.disguises import SHORTEST_ABSENT, disguised
from virtool_contract.exchange import Exchange, Headers, Response
from virtool_contract.json_values import NotJsonError, parse
from virtool_contract.ledger import Ledger
from virtool_contract.model import Phase
from virtool_contract.recorder import Tag
from virtool_contract.scenario import Step
from virtool_contract.subject import Subject
from virtool_contract.target import Target, TargetTroubleError

PLAYS = count(1)
"""Numbers for the plays of this process, by which a recording tells them apart."""


class Sender:
    """Sends steps to one target; what has been sent so far is in `steps`."""

    def __init__(self, target: Target, ledger: Ledger | None = None) -> None:
        """Send nothing yet; troubles on the way go into the ledger."""
        self.target = target
        self.ledger = ledger if ledger is not None else Ledger()
        self.steps: list[Step] = []
        self.number = next(PLAYS)

    def response(self, subject: Subject, move: Step) -> Response:
        """Send one step and return what comes, unjudged; a read that gets no answer is repeated.

        Raises:
            TargetTroubleError: no answer came.
        """
        exchange = self._exchange(subject, move)
        if exchange.response is None:
            raise self._gone(exchange)
        return exchange.response

    def _gone(self, exchange: Exchange) -> TargetTroubleError:
        return TargetTroubleError(
            f"the target at {self.target.api.base_url} gave no answer to "
            f"{exchange.request.method} {exchange.request.target}: {exchange.failure}"
        )

    def _exchange(self, subject: Subject, move: Step) -> Exchange:
        headers = self.headers(subject, move)
        exchange = self.send(subject, move, headers)
        if exchange.lost:
            was = f"a {exchange.request.method} was lost with the connection that it was sent on"
            self.ledger.troubles.append(f"{was}, and sent again: {exchange.lost}")
        if exchange.failure and exchange.request.method == "GET":
            self.ledger.troubles.append(f"a GET got no answer: {exchange.failure}")
            exchange = self.send(subject, move, headers)
        return exchange

    def headers(self, subject: Subject, move: Step) -> Headers:
        """The headers of a step: who sends it, and what its body is."""
        headers = self.target.headers(move.caller, subject.credentials)
        return (*headers, ("Content-Type", move.body.media_type)) if move.body else headers

    def send(self, subject: Subject, move: Step, headers: Headers) -> Exchange:
        """Send one step; from any thread."""
        method = self.target.contract.operations[move.operation].method
        body = self.target.on_the_wire(move.body) if move.body else b""
        analysis_id = disguised(subject.known.id, move.disguise)
        tag = Tag(
            caller=move.caller,
            subject=subject.label,
            state=subject.state,
            job=subject.known.job_id,
            play=self.number,
            step=len(self.steps),
            disguise=move.disguise,
        )
        return self.target.api.send(method, analysis_id, headers, body, tag)

    def may_write(self, subject: Subject, disguise: str = "") -> bool:
        """Whether a write to a subject, or to its id in disguise, can reach nobody else's analysis.

        The id of one that is, or may be, removed is nobody's, so it is read first, unless that was
        just done: what is there now, other than the subject itself, is somebody's. Where any job
        may write to any analysis, a lax look-up would do harm: `12` may be taken for the beginning
        of `123`.
        """
        guard, analysis_id = self.target.api.guard, subject.known.id
        if disguise:
            return self._is_nobodys(subject, disguise)
        if subject.credentials is None:
            return guard.allows(analysis_id) and not self.target.lets_others_write
        if subject.known.phase is not Phase.ABSENT and not subject.known.doubtful:
            return True
        if self.target.lets_others_write and len(analysis_id) < SHORTEST_ABSENT:
            return False
        return guard.was_absent(analysis_id) or self._is_there(subject)

    def _is_nobodys(self, subject: Subject, disguise: str) -> bool:
        """Whether an id in a disguise is read as absent; then it is admitted for a write."""
        if self.target.lets_others_write or not self.target.trusts_404:
            return False
        made = disguised(subject.known.id, disguise)
        self.response(subject, Step(subject=subject.label, operation="get", disguise=disguise))
        guard = self.target.api.guard
        if not guard.was_absent(made) or guard.unfit_in_disguise(made):
            return False
        guard.admit_absent(made)
        return True

    def _is_there(self, subject: Subject) -> bool:
        """Whether its owner reads a 404, or the subject itself."""
        response = self.response(subject, Step(subject=subject.label, operation="get"))
        try:
            document = parse(response.body)
        except NotJsonError:
            document = None
        if response.status == 404 or not isinstance(document, dict):
            return response.status == 404
        job = document.get("job")
        runner = job.get("id") if isinstance(job, dict) else None
        mine = runner is None or not subject.known.job_id or runner == subject.known.job_id
        return mine and document.get("id") == subject.known.id
