"""Hostile and failing providers: no target is accused of what they do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeAlias

import pytest
from typing_extensions import override

from tests.hostile.proxy import Answer, Hostile, Twist, reset
from virtool_contract.reference.service import Service
from virtool_contract.reference.values import Reply

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

    Serve: TypeAlias = Callable[[Service], str]

from tests.hostile.ended import MIB, OPTIONS, assert_decent, noting, run
from tests.hostile.modes import (
    DEEP,
    bomb,
    drip_body,
    drip_head,
    no_answer,
    pour_body,
    reset_midway,
    sends,
    with_body,
)


def with_answer(**members: object) -> Twist:
    """Answer a state change with other members."""

    def twist(connection: socket.socket, answer: Answer) -> None:
        changed = json.dumps(json.loads(answer.body) | members).encode()
        connection.sendall(answer.saying(changed).raw())

    return twist


def refuse(connection: socket.socket, answer: Answer) -> None:
    """Refuse with a message that gives the key away, and clears the screen."""
    said = f"\x1b[2J{answer.body.decode()} \u202e"
    error = answer.saying(json.dumps({"error": said}).encode())
    connection.sendall(error.raw().replace(b" 200 ", b" 500 ", 1))


def one_and_the_same() -> Twist:
    """Hand out the first analysis again and again."""
    first: list[Answer] = []

    def twist(connection: socket.socket, answer: Answer) -> None:
        first.append(answer)
        connection.sendall(first[0].raw())

    return twist


PROVIDERS: dict[str, tuple[Twist, int, str]] = {
    "refuses": (refuse, 0, "answered 500"),
    "refuses from some time on": (refuse, 5, "answered 500"),
    "hangs": (no_answer, 0, "timed out"),
    "hangs from some time on": (no_answer, 5, "timed out"),
    "drips": (drip_body, 0, "not complete after 3 seconds"),
    "drips its head": (drip_head, 5, "not complete after 3 seconds"),
    "dies": (reset, 0, "reset"),
    "dies from some time on": (reset, 5, "reset"),
    "dies in mid-body": (reset_midway, 5, "cannot be reached"),
    "not HTTP": (sends(b"\x1b[2Jhello\r\n"), 0, "cannot be reached"),
    "garbage": (with_body(lambda _: b"<html>\x1b[2J\xff"), 0, "is --state-change-url right?"),
    "endless": (pour_body, 0, "is --state-change-url right?"),
    "enormous": (with_answer(more="x" * 8 * MIB), 0, "is --state-change-url right?"),
    "a gzip bomb": (bomb("gzip"), 0, "is --state-change-url right?"),
    "100,000 levels": (with_body(lambda _: DEEP), 0, "is --state-change-url right?"),
    "the same id again": (one_and_the_same(), 0, "twice"),
    **{
        f"the id {odd[:12]!a}": (with_answer(analysis_id=odd), 0, "handed out an id")
        for odd in ["a/b", "..", ".", "a?b", "a#b", "a b", "a\nb", "a\x1b[2Jb", "%2e%2e", "x" * 999]
    },
    "no id": (with_answer(analysis_id=""), 0, "no `analysis_id`"),
    "a list for an id": (with_answer(analysis_id=["a"]), 0, "no `analysis_id`"),
    "a lone surrogate": (with_answer(analysis_id="\ud800"), 0, "lone surrogate"),
    "headers that cannot be sent": (
        with_answer(headers={"X-Key": "a\r\nX: b"}),
        0,
        "wrong `headers`",
    ),
}


def is_setup(request: bytes) -> bool:
    return b'"setup"' in request


@pytest.mark.parametrize(("twist", "after", "says"), PROVIDERS.values(), ids=PROVIDERS)
def test_a_hostile_provider(
    served: Serve,
    wires: Callable[[Hostile], str],
    tmp_path: Path,
    *,
    twist: Twist,
    after: int,
    says: str,
) -> None:
    reference, keys = noting("")
    url = served(reference)
    provider = wires(Hostile(url, twist, after=after, only=is_setup))
    words = ("--base-url", url, "--state-change-url", f"{provider}/provider-states", *OPTIONS)
    ended = run(tmp_path, *words, "-k", "finalize.once")
    assert ended.code == 3, ended.said
    assert_decent(ended, keys)
    assert says in ended.report["problem"]
    assert "provider" in ended.report["problem"]
    assert ended.report["problem"] in ended.said


class Finalizing(Service):
    """From some time on, its provider hands out analyses that are finalized."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.after = after

    @override
    def change_state(self, body: bytes) -> Reply:
        reply = super().change_state(body)
        assert isinstance(reply.content, dict)
        analysis = self.store.analyses.get(reply.content.get("analysis_id", ""))
        self.after -= analysis is not None
        if analysis and self.after < 0:
            self.store.put(self.finalized(analysis, {"results": {"not": "yours"}}))
        return reply


@pytest.mark.parametrize(
    ("after", "selection"), [(0, "finalize.once"), (5, "finalize.once"), (5, "test_races")]
)
def test_a_provider_that_hands_out_finalized_analyses(
    served: Serve, tmp_path: Path, after: int, selection: str
) -> None:
    url = served(Finalizing(after))
    words = ("--base-url", url, "--state-change-url", f"{url}/provider-states")
    ended = run(tmp_path, *words, "--request-timeout", "1", "-k", selection)
    assert ended.code == 3, ended.said
    assert_decent(ended, {"not to be found"})
    assert ended.broken == set()
    assert "not pending: its `ready` is true" in ended.report["problem"]
