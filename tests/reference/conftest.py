"""A reference server on a real socket, and a tour of one without a socket."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pytest
import requests

from virtool_contract.reference.service import Service
from virtool_contract.reference.threaded import threaded
from virtool_contract.reference.values import Call, Credentials, Operation

PATIENCE = 10
Auth: TypeAlias = tuple[str, str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    analysis_id: str
    auth: tuple[str, str]


def subject_in(state: dict[str, Any]) -> Subject:
    auth = (f"job-{state['job_id']}", state["job_key"])
    return Subject(analysis_id=state.get("analysis_id", ""), auth=auth)


@dataclass(frozen=True, slots=True)
class Target:
    """A server at an address, and the few things tests ask of it."""

    url: str
    session: requests.Session

    def send(
        self,
        method: str,
        analysis_id: str,
        auth: Auth,
        body: object = None,
        **options: Any,  # noqa: ANN401  # what requests takes
    ) -> requests.Response:
        if body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            options |= {"data": data}
        url = f"{self.url}/api/analyses/{analysis_id}"
        return self.session.request(method, url, auth=auth, timeout=PATIENCE, **options)

    def change_state(self, request: object) -> requests.Response:
        data = request if isinstance(request, bytes) else json.dumps(request).encode()
        return self.session.post(f"{self.url}/provider-states", data=data, timeout=PATIENCE)

    def set_up(self, state: str, **params: object) -> Subject:
        reply = self.change_state({"action": "setup", "state": state, "params": params})
        assert reply.status_code == 200
        return subject_in(reply.json())

    def pending(self, *, files: bool = True) -> Subject:
        return self.set_up("a pending analysis", files=files)

    def idle(self) -> Subject:
        return self.set_up("a job that runs no analysis")

    def finalized(self, results: object) -> Subject:
        subject = self.pending()
        reply = self.send("PATCH", subject.analysis_id, subject.auth, {"results": results})
        assert reply.status_code == 200
        return subject

    def read(self, subject: Subject) -> dict[str, Any]:
        reply = self.send("GET", subject.analysis_id, subject.auth)
        assert reply.status_code == 200
        document: dict[str, Any] = reply.json()
        return document


@contextmanager
def running(service: Service, **options: Any) -> Iterator[Target]:  # noqa: ANN401  # what it takes
    """Serve from a thread until the block ends."""
    with threaded(service, **options) as url, requests.Session() as session:
        yield Target(url, session)


@pytest.fixture
def serve() -> Iterator[Callable[..., Target]]:
    with ExitStack() as stack:
        yield lambda service, **options: stack.enter_context(running(service, **options))


@pytest.fixture(scope="session")
def target() -> Iterator[Target]:
    with running(Service()) as server:
        yield server


# What follows asks a service for everything that any variant answers differently.

AWKWARD: tuple[object, ...] = (
    {"a": [3, 1, 2]},
    {"a": {"$oid": "507f1f77bcf86cd799439011"}},
    {"a": "12\u00a0345"},
    {"a": "12:30:45"},
    {"wide": "\u00a0x\u3000", "amount": "+1,234.50", "formula": "=1+1", "base64": "Zm9vYmFy"},
    {"row": {"0": "x", "1": "y"}, "token": "x", "@id": "x", "a+b": 1},
    {"a": "no"},
    {"foo": "bar", "n": None, "e": {}, "l": [], "t": True, "one": [1], "same": [1, 1]},
    {},
    {"blanks": "  x ", "empty": "", "digits": "12", "markup": "<&>", "long": "x" * 2000},
    {"composed": "e\u0301", "accent": "é", "astral": "a\U0001f9ec", "line": "a\nb/c"},
    {"f": 0.1234567891, "tiny": 1e-9, "i": 2**40, "k": 40_000, "whole": 1.0, "Upper": 1},
    {"a.b": 1, "$set": 1, "__proto__": 1, "": 1, "rows": [[1], [1, 2]]},
    {"sign": "\u2714\ufe0f", "quotes": "''", "link": {"$ref": "#/a"}, "like": {"length": 2}},
    {"error": "none"},
    {"texts": ["2026-01-31", "MARCH1", "NA", "6F9619FF-8B86-D011-B42D-00C04FC964FF", "%%"]},
    {"more texts": ["3,14", "2026-01-31T12:30:00+05:30", r"a\\b"], "yes": 1, "_links": 1},
    {"signs": "\x1b \U000e0067", "toString": 1, "pairs": [["x", 1]]},
    {"data": {"foo": 1}},
    {"many": [0] * 70_000},
    {"deep": json.loads("[" * 60 + "]" * 60)},
    {"big": 2**53 + 1, "huge": 10**25, "nul": "a\0b", "lone": "\ud800"},
    {"size": "x" * 2**20},
    {"size": "x" * (2**20 + 2**17)},
)
BAD_BODIES = (
    b"",
    b"{",
    b'{"results": {"a": 1},',
    b"[]",
    b'"text"',
    b"{}",
    b'{"other": 1}',
    b'{" results ": {}}',
    b'{"results.a": 1}',
    b'{"results": null}',
    b'{"results": []}',
    b'{"results": "x"}',
    b'{"results": 3}',
    b'{"results": {"a": NaN}}',
    b'{"results": {"a": "\xff"}}',
    b'{"results": {"a": "\xed\xa0\xbd\xed\xb0\x80"}}',
    b'{"results": {"a": "\xc1\xa1"}}',
    b'{"user": {"id": "mallory"}}',
)
EXTRA: tuple[tuple[str, object], ...] = (
    ("note", "n"),
    ("workflow", "other"),
    ("ready", False),
    ("created_at", "2001-01-01T00:00:00Z"),
    ("user", {"id": "mallory"}),
    ("user", "mallory"),
    ("user.id", "mallory"),
    ("user_id", "mallory"),
    ("error", "none"),
    ("job", {"id": "mallory"}),
    ("sample", {"id": "other", "name": "other"}),
    ("subtractions", []),
    ("subtractions", [{"id": "other", "name": "other"}]),
)
SPELLED = (
    b' {"results": {"a": 1}}',
    rb'{"r\u0065sults": {"a": 1}}',
    rb'{"results": {"accent": "\u00e9"}}',
)
ENDS = ("\u0301", "\0", ";x", "?x", "#x", "+", "\u200b", "x" * 300)
SIGNS = ('{"results": {"signs": "' + "\u20ac" * 50_000 + '"}}').encode()
WRONG = Credentials(user="job-nobody", password="wrong")  # noqa: S106  # nobody's
Step: TypeAlias = tuple[Operation, bytes]


def body(results: object, **extra: object) -> bytes:
    return json.dumps({"results": results} | extra).encode()


GOOD: Step = ("finalize", body({"first": 1}))
LATE: Step = ("finalize", body({"second": 2}))
STOLEN: Step = ("finalize", body({"second": 2}, workflow="other"))
BAD: Step = ("finalize", b"{")
READ: Step = ("get", b"")
REMOVE: Step = ("remove", b"")


@dataclass(slots=True)
class Tour:
    """Asks, and writes down each answer as it goes over the wire."""

    service: Service
    log: list[Any] = field(default_factory=list)

    def set_up(
        self, state: str, *, files: bool = True, sample_of: str = ""
    ) -> tuple[str, Credentials]:
        params = {"files": files, "sample_of": sample_of}
        request = {"action": "setup", "state": state, "params": params}
        reply = self.service.change_state(json.dumps(request).encode()).content
        assert isinstance(reply, dict)
        user = f"job-{reply['job_id']}"
        return reply.get("analysis_id", ""), Credentials(user=user, password=reply["job_key"])

    async def ask(
        self, step: Step, analysis_id: str, caller: Credentials | None, method: str = "GET"
    ) -> None:
        call = Call(
            operation=step[0],
            analysis_id=analysis_id,
            credentials=caller,
            body=step[1],
            method=method,
            headers={"accept-encoding": "gzip"},
        )
        sent = self.service.sent(call, await self.service.handle(call))
        self.log.append((sent.status, dict(sent.headers), sent.body, sent.chunked))

    async def story(self, *steps: Step, files: bool = True) -> None:
        analysis_id, owner = self.set_up("a pending analysis", files=files)
        for step in steps:
            await self.ask(step, analysis_id, owner)

    async def two_at_once(self, first: Step, second: Step) -> None:
        around = [self.set_up("a pending analysis") for _ in range(2)]
        await asyncio.gather(self.ask(first, *around[0]), self.after(0.001, second, *around[1]))
        for subject in around:
            await self.ask(READ, *subject)

    async def reads_at_once(self) -> None:
        analysis_id, owner = self.set_up("a pending analysis")
        _, other = self.set_up("a pending analysis")
        await asyncio.gather(
            self.ask(READ, analysis_id, owner),
            self.after(0.001, READ, analysis_id, other),
            self.after(0.001, READ, analysis_id, None),
            self.after(0.001, REMOVE, analysis_id, owner),
        )

    async def at_once(self, *steps: Step) -> None:
        analysis_id, owner = self.set_up("a pending analysis")
        late = [self.after(0.001 * (step is READ), step, analysis_id, owner) for step in steps]
        await asyncio.gather(*late)
        await self.ask(READ, analysis_id, owner)

    async def after(
        self, delay: float, step: Step, analysis_id: str, caller: Credentials | None
    ) -> None:
        await asyncio.sleep(delay)
        await self.ask(step, analysis_id, caller)

    async def strangers(self, *first: Step) -> None:
        analysis_id, owner = self.set_up("a pending analysis")
        for step in first:
            await self.ask(step, analysis_id, owner)
        _, other = self.set_up("a pending analysis")
        _, idle = self.set_up("a job that runs no analysis")
        finished_id, finished = self.set_up("a pending analysis")
        await self.ask(GOOD, finished_id, finished)
        removed_id, removed = self.set_up("a pending analysis")
        await self.ask(REMOVE, removed_id, removed)
        forged = Credentials(user=owner.user, password="wrong")  # noqa: S106  # nobody's
        cut = Credentials(user=owner.user, password=owner.password[:-4])
        shouted = Credentials(user=owner.user, password=owner.password.swapcase())
        longer = Credentials(user=f"{owner.user}x", password=owner.password)
        named = Credentials(user=owner.user, password=owner.user.removeprefix("job-"))
        taken = Credentials(user=owner.user, password=finished.password)
        unknown = (None, WRONG, forged, cut, shouted, longer, named, taken)
        _, colleague = self.set_up("a pending analysis", sample_of=analysis_id)
        done_id, done = self.set_up("a pending analysis", sample_of=analysis_id)
        await self.ask(GOOD, done_id, done)
        for stranger in (*unknown, other, colleague, done, idle, finished, removed):
            for step in (READ, READ, READ, STOLEN, ("finalize", b"["), REMOVE):
                await self.ask(step, analysis_id, stranger)
                await self.ask(READ, analysis_id, owner)
        await self.ask(LATE, analysis_id, owner)

    async def before_its_job(self) -> None:
        for step in (READ, GOOD, REMOVE, ("finalize", body({})), ("finalize", SIGNS)):
            _, other = self.set_up("a pending analysis")
            analysis_id, owner = self.set_up("a pending analysis")
            await self.ask(step, analysis_id, other)
            await self.ask(READ, analysis_id, owner)

    async def look_alikes(self) -> None:
        analysis_id, owner = self.set_up("a pending analysis")
        stem = analysis_id[:-1]
        near = [analysis_id.upper(), f"{analysis_id} ", stem, f"{analysis_id}0", f"{stem}%"]
        near += [analysis_id[1:], f"x{analysis_id}", f"{stem}."]
        near += [f"{analysis_id}{end}" for end in ENDS]
        near.append(f"{chr(ord(analysis_id[0]) + 0xFEE0)}{analysis_id[1:]}")
        _, idle = self.set_up("a job that runs no analysis")
        for absent in ("nosuchid", *near, f"%{ord(analysis_id[0]):x}{analysis_id[1:]}"):
            for caller in (owner, idle):
                await self.ask(READ, absent, caller)
        for absent in (
            "nosuchid",
            analysis_id.upper(),
            f" {analysis_id}",
            f"{analysis_id}\n",
            stem,
        ):
            for step in (LATE, REMOVE):
                await self.ask(step, absent, owner)
        await self.ask(READ, analysis_id, owner)

    async def stories(self) -> list[Any]:
        for files in (True, False, True):
            await self.story(*[READ] * 10, files=files)
        await self.strangers()
        await self.strangers(GOOD)
        await self.before_its_job()
        await self.look_alikes()
        for bad in BAD_BODIES:
            await self.story(("finalize", bad), READ, GOOD, ("finalize", bad), READ)
        for results in AWKWARD:
            await self.story(("finalize", body(results)), READ, READ)
        for spelled in SPELLED:
            await self.story(("finalize", spelled), READ)
        for _ in range(2):
            await self.story(("finalize", body({"long": "x" * 2000})), READ)
        for end in (1, 2):
            await self.story(("finalize", body({"long": "x" * 2000, "end": end})), READ)
        for name, value in EXTRA * 2:
            await self.story(("finalize", body({"a": 1}, **{name: value})), READ)
        await self.story(GOOD, GOOD, READ, LATE, READ, LATE, READ, REMOVE, READ, LATE, REMOVE, READ)
        await self.story(GOOD, REMOVE, READ, REMOVE, READ, LATE, READ)
        for _ in range(3):
            await self.story(REMOVE, *[READ] * 4, REMOVE, LATE, REMOVE)
        await self.story(("finalize", body({})), REMOVE, READ)
        await self.story(*[BAD] * 10, GOOD)
        for late in (LATE, REMOVE):
            await self.story(("finalize", body({"long": "x" * 110_000})), late, READ)
        await self.story(REMOVE, READ, files=False)
        await self.story(("finalize", SIGNS), READ)
        await self.neighbours()
        await self.crowd()
        await self.methods()
        return self.log

    async def races(self) -> list[Any]:
        races = (GOOD, LATE), (GOOD, REMOVE), (REMOVE, REMOVE), (GOOD, READ), (REMOVE, GOOD)
        for race in (*races, (BAD, GOOD)):
            await self.at_once(*race)
        await self.reads_at_once()
        for two in ((READ, READ), (REMOVE, READ), (REMOVE, GOOD), (REMOVE, REMOVE)):
            await self.two_at_once(*two)
        return self.log

    async def neighbours(self) -> None:
        for steps in ((LATE, READ, READ, REMOVE), (REMOVE,)):
            around = [self.set_up("a pending analysis") for _ in range(2)]
            around.append(self.set_up("a pending analysis", sample_of=around[1][0]))
            await self.ask(GOOD, *around[0])
            for step in steps:
                await self.ask(step, *around[1])
                for subject in around:
                    await self.ask(READ, *subject)

    async def crowd(self) -> None:
        first, *others = [self.set_up("a pending analysis") for _ in range(18)]
        for subject in (first, *others):
            await self.ask(GOOD, *subject)
        await self.ask(READ, *first)

    async def methods(self) -> None:
        await self.ask(READ, *self.set_up("a pending analysis"), method="HEAD")
        self.log.append(self.service.undeclared("OPTIONS"))


@pytest.fixture(scope="session")
def tour() -> Callable[[type[Service]], list[Any]]:
    async def whole(service: type[Service]) -> list[Any]:
        return [await Tour(service()).stories(), await Tour(service()).races()]

    return lambda service: asyncio.run(whole(service))
