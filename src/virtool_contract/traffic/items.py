"""What one recorded exchange is to the model: who may have asked, with which body, what came."""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from virtool_contract.body import Body, Kind, classify
from virtool_contract.exchange import Response
from virtool_contract.json_values import Json, encode
from virtool_contract.model import Caller
from virtool_contract.provider import Credentials
from virtool_contract.scenario import Step
from virtool_contract.secrets import Secrets
from virtool_contract.traffic.spool import Ordered
from virtool_contract.traffic.spotted import Spotted

SUBJECT = "A"
"""The label of the analysis in a scenario; each is about one."""
MOST_TOGETHER = 12
"""So many exchanges that overlap are put in order; the orders of more are too many to try."""
STRANGERS = (Caller.OTHER_JOB, Caller.WRONG_KEY)
"""Who else a caller may be that was refused, if nothing says who it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What holds for a file as a whole.

    `removes` says whether Remove is implemented. `shows_credentials` says whether the recorder has
    kept any: some leave them out, and then a request without them may be anybody's. Of bodies,
    `extra` are the members that the target wants besides.
    """

    removes: bool = True
    shows_credentials: bool = False
    extra: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One exchange, classified; `before` is how many writes were sent before it.

    `in_play` is how many of them were sent in the same play of a run, or by anybody in traffic that
    is no recording of ours.
    `response` is None where none came; `is_whole` says whether its body was recorded.
    """

    spotted: Spotted
    before: int
    in_play: int
    callers: tuple[Caller, ...]
    body: Body | None
    response: Response | None
    is_whole: bool

    @property
    def step(self) -> Step:
        """The request as a step of a scenario, by whoever is most likely to have sent it."""
        return Step(
            subject=SUBJECT,
            operation=self.spotted.operation,
            caller=self.callers[0],
            body=self.body,
            disguise=self.spotted.disguise,
        )

    @property
    def is_owners_read(self) -> bool:
        """Whether it tells what the analysis is now."""
        read = self.spotted.operation == "get" and not self.spotted.disguise
        owner = read and self.callers[0] is Caller.OWNER and self.response is not None
        known = owner and (self.spotted.caller or self.spotted.status < 300)
        return bool(known) and self.is_whole

    @property
    def last_moment(self) -> float:
        """When it had ended at the latest."""
        return self.spotted.ended + self.spotted.slack


def item(ordered: Ordered, facts: Facts, *, takes_body: bool) -> Item:
    """Classify an exchange."""
    spotted, before, in_play = ordered
    response = None
    if spotted.status:
        labelled = (("Content-Type", spotted.content_type),) if spotted.content_type else ()
        response = Response(
            status=spotted.status,
            headers=(*labelled, *(("", value) for value in spotted.beside.splitlines())),
            body=spotted.content or b"",
            elapsed=spotted.ended - spotted.started,
        )
    return Item(
        spotted=spotted,
        before=before,
        in_play=in_play,
        callers=_callers(spotted, facts),
        body=_body(spotted, facts) if takes_body else None,
        response=response,
        is_whole=spotted.content is not None,
    )


def _callers(spotted: Spotted, facts: Facts) -> tuple[Caller, ...]:
    """Who may have asked, the most likely one first; a success is the owner's, lest it is accused.

    Whether credentials are good, and whose they are, only our own recordings tell.
    """
    if spotted.caller:
        return (Caller(spotted.caller),)
    if facts.shows_credentials and not spotted.credentials:
        return (Caller.ANONYMOUS,)
    return (Caller.OWNER, *STRANGERS) if spotted.status >= 400 else (Caller.OWNER,)


def _body(spotted: Spotted, facts: Facts) -> Body:
    if spotted.body is None:  # anything may have been sent
        return Body(raw=b"", media_type=spotted.body_type, kind=Kind.UNCLEAR)
    return classify(_without(spotted.body, facts.extra), spotted.body_type)


def _without(raw: bytes, extra: Mapping[str, Json]) -> bytes:
    """A body less the members that the target wants in each (see `body.with_members`)."""
    if not extra:
        return raw
    inner = encode(extra)[1:-1]
    before, found, after = raw.partition(inner)
    if found and before.strip() == b"{":
        return before + after.removeprefix(b",")
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return raw
    if not isinstance(value, dict) or not extra.keys() <= value.keys():
        return raw
    return encode({name: member for name, member in value.items() if name not in extra})


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Exchanges that follow each other, or with `together`, overlap and have a write among them.

    They are `torn` if there are so many that they come in several groups.
    """

    items: tuple[Item, ...]
    together: bool = False
    torn: bool = False


def groups(items: Iterable[Item]) -> Iterator[Group]:
    """Exchanges with one analysis by whether they overlap, as far as their times tell."""
    waiting: list[Item] = []
    last, torn = float("-inf"), False
    for each in items:
        if each.spotted.started > last:
            if waiting:
                yield _group(waiting, torn=torn)
            waiting, torn = [], False
        elif len(waiting) == MOST_TOGETHER:
            torn = True
            yield _group(waiting, torn=torn)
            waiting = []
        waiting.append(each)
        last = max(last, each.last_moment)
    if waiting:
        yield _group(waiting, torn=torn)


def _group(items: list[Item], *, torn: bool) -> Group:
    written = any(each.spotted.is_write for each in items)
    together = torn or (len(items) > 1 and written)
    return Group(items=tuple(items), together=together, torn=torn)


def secrets(item: Item) -> Secrets:
    """What a message about an exchange must not show."""
    found = Secrets()
    if item.spotted.credentials and not item.spotted.caller:
        value = item.spotted.credentials
        found.add(Credentials(job_id="", job_key=_key(value), headers={"Authorization": value}))
    return found


def _key(authorization: str) -> str:
    """The password in an Authorization header of HTTP Basic; empty in others."""
    try:
        pair = base64.b64decode(authorization.partition(" ")[2], validate=True).decode()
    except ValueError:
        return ""
    return pair.partition(":")[2]
