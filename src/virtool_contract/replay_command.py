"""`virtool-contract replay`: sends the scenario of a violation again, and shows each exchange."""

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from virtool_contract import interrupts, loading
from virtool_contract.again import Again, play_again
from virtool_contract.contract import Clause, Contract
from virtool_contract.ledger import Deviation
from virtool_contract.options import DOCUMENTED_ROOT, OptionError, Settings
from virtool_contract.provider import ProviderError
from virtool_contract.replay import Sent
from virtool_contract.reports.plain import one_line, plain
from virtool_contract.reports.reading import Recorded
from virtool_contract.run import Run
from virtool_contract.scripts import bash, pytest_file
from virtool_contract.scripts.written import Written
from virtool_contract.secrets import CUT
from virtool_contract.target import Target, TargetTroubleError
from virtool_contract.verdict import Outcome

KEPT, BROKEN, COULD_NOT_TEST = 0, 1, 3
SHOWN = 300
"""So many bytes of a body are shown."""


def find(recorded: Recorded, clause: str) -> Deviation:
    """How a report says that a clause was broken.

    Raises:
        OptionError: it does not say so.
    """
    deviation = recorded.shown(clause)
    if deviation is not None:
        return deviation
    file = one_line(recorded.file)
    broken = ", ".join(recorded.showing)
    hint = f"try {broken}" if broken else "no clause was broken in it"
    if clause not in recorded.clauses:
        raise OptionError(f"{file}: there is no clause {clause!a} in it; {hint}")
    outcome = recorded.clauses[clause].outcome
    raise OptionError(f"{file}: {clause} was not broken in it ({outcome}); {hint}")


def replay(settings: Settings, recorded: Recorded, deviation: Deviation) -> int:
    """Play a deviation on a target; print what was sent and what that shows.

    The exit code says it too.

    Raises:
        ContractError, OptionError: the contract or an option is wrong.
    """
    # Nothing of the folder of reports: a run would remove the one that is replayed.
    bare = replace(settings, report_dir=None, waivers=None)
    _contract(settings, recorded, deviation)
    with interrupts.heeded():
        try:
            return _replay(bare, recorded, deviation)
        except (TargetTroubleError, ProviderError) as error:
            problem = str(error)
        except KeyboardInterrupt:
            problem = "interrupted"
    print(f"could not test: {one_line(problem)}", file=sys.stderr)
    return COULD_NOT_TEST


FORMS: Mapping[str, Callable[[Written], str]] = MappingProxyType(
    {"bash": bash.script, "pytest": pytest_file.script}
)


def write(settings: Settings, recorded: Recorded, deviation: Deviation, form: str) -> int:
    """Print a deviation as a script that runs alone, one of `FORMS`; nothing is sent.

    Raises:
        ContractError, OptionError: the contract is wrong, or does not have the clause.
    """
    contract = _contract(settings, recorded, deviation)
    outcomes = {verdict.outcome for verdict in recorded.clauses.values()}
    written = Written(
        contract=contract,
        deviation=deviation,
        source=f"in {recorded.file}, of {recorded.target}",
        path=settings.api_root + contract.path.removeprefix(DOCUMENTED_ROOT),
        extra=settings.extra_body_fields or {},
        implemented=Outcome.NOT_IMPLEMENTED not in outcomes,
    )
    print(FORMS[form](written), end="")
    return KEPT


def _contract(settings: Settings, recorded: Recorded, deviation: Deviation) -> Contract:
    contract = loading.load(settings.spec)
    if deviation.clause not in contract.clauses:
        raise OptionError(
            f"{one_line(recorded.file)}: {deviation.clause} is no clause of this contract; "
            "give --spec with the one that the report was made with"
        )
    return contract


def _replay(settings: Settings, recorded: Recorded, deviation: Deviation) -> int:
    run = Run.start(settings)
    target = run.target
    try:
        seen = play_again(target, deviation)
    except (TargetTroubleError, ProviderError) as error:
        error.args = (target.api.secrets.hide(str(error)),)
        raise
    finally:
        run.stop()
    clause = run.contract.clauses[deviation.clause]
    lines = [*_head(run, recorded, clause), *_exchanges(target, seen), *_result(clause, seen)]
    print("\n".join(plain(line) for line in lines))
    if seen.is_undecided:
        return COULD_NOT_TEST
    return BROKEN if seen.broken else KEPT


def _head(run: Run, recorded: Recorded, clause: Clause) -> Iterator[str]:
    yield f"{clause.id} ({clause.level}): {clause.says}"
    embedded = "" if run.settings.base_url else ", the embedded reference server"
    yield f"  recorded  {recorded.file}, of {recorded.target or 'no target'}"
    yield f"  replayed  on {run.target.api.base_url}{embedded}"
    if recorded.contract != run.contract.version:
        yield (f"  contract  {recorded.contract} when it was recorded, {run.contract.version} now")


def _exchanges(target: Target, seen: Again) -> Iterator[str]:
    """The latest play, its steps numbered as in the scenario, or as sent in a race."""
    hide = target.api.secrets.hide
    for number, sent in enumerate(seen.sent, 1):
        method = target.contract.operations[sent.step.operation].method
        yield ""
        who = f"{sent.step.caller} of {sent.step.subject}"
        yield f"{number:2}  {method} {hide(sent.path)}  by {who}"
        if sent.step.body is not None:
            shown = _shown(target.on_the_wire(sent.step.body))
            yield f"    > {sent.step.body.media_type} {hide(shown)}"
        yield f"    < {hide(_answer(sent))}"


def _answer(sent: Sent) -> str:
    response = sent.response
    if response is None:
        return "no answer"
    said = (str(response.status), response.media_type, _shown(response.body))
    return " ".join(filter(None, said))


def _shown(raw: bytes) -> str:
    """The beginning of a body, in one line."""
    said = one_line(raw[:SHOWN].decode(errors="backslashreplace"))
    return f"{said}{CUT} ({len(raw)} bytes)" if len(raw) > SHOWN else said


def _result(clause: Clause, seen: Again) -> Iterator[str]:
    plays = f"{seen.played} play{'s' * (seen.played != 1)}"
    yield ""
    if seen.broken is not None:
        yield f"  expected  {seen.broken.expected}"
        yield f"  received  {seen.broken.actual}"
        yield from (f"    {event}" for event in seen.broken.timeline)
        if seen.unseen:
            yield f"  the play came to no end: {seen.unseen}"
        yield f"{clause.id}: still broken (play {seen.played})"
        return
    for other in seen.others.values():
        yield f"  {other.clause} is broken instead"
        yield f"    expected  {other.expected}"
        yield f"    received  {other.actual}"
    if seen.is_undecided:
        why = seen.unseen or "another broken clause is in the way"
        yield f"{clause.id}: could not test, {why} ({plays})"
    elif seen.is_kept:
        yield f"{clause.id}: kept ({plays})"
    else:
        yield f"{clause.id}: not broken, and nothing there that it speaks of ({plays})"
