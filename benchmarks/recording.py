"""Records what a run sends to the reference server, so that others can send the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import quote

from typing_extensions import override

from virtool_contract.reference.service import Service
from virtool_contract.reference.threaded import threaded
from virtool_contract.reference.values import Call, Reply

CARRIED = ("authorization", "content-type", "accept", "accept-encoding", "user-agent")
"""The headers that are sent again; the rest is the client's own business."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One request as it arrived; `target` is its path."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Recording:
    """The requests of a run in the order in which they arrived, and what was set up for them.

    The reference makes up the same ids in the same order at each start. So a fresh one to which the
    `setups` are sent first takes the `requests` as the recorded one did; nothing is torn down.
    """

    setups: list[bytes] = field(default_factory=list)
    requests: list[Sent] = field(default_factory=list)


class Recorder(Service):
    """The reference server, taking notes."""

    def __init__(self) -> None:
        """Begin with an empty recording."""
        super().__init__()
        self.recording = Recording()

    @override
    def change_state(self, body: bytes) -> Reply:
        if b'"setup"' in body:
            self.recording.setups.append(body)
        return super().change_state(body)

    @override
    async def handle(self, call: Call) -> Reply:
        self.recording.requests.append(
            Sent(
                method=call.method,
                target=f"/api/analyses/{quote(call.analysis_id, safe='')}",
                headers={name: call.headers[name] for name in CARRIED if name in call.headers},
                body=call.body,
            )
        )
        return await super().handle(call)


@contextmanager
def recorder() -> Iterator[tuple[str, Recording]]:
    """A recording reference server on a thread of this process: its URL and its recording."""
    service = Recorder()
    with threaded(service) as url:
        yield url, service.recording
