"""What is set up ahead is what would have been set up, and nothing of it is left behind."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from virtool_contract.provider import PENDING_ANALYSIS, ProviderError
from virtool_contract.providers.prefetch import AHEAD, PrefetchingProvider

if TYPE_CHECKING:
    from collections.abc import Mapping

IDLE = "a job that runs no analysis"


class Recording:
    """Hands out numbers, and knows what is not torn down."""

    def __init__(self, fails: frozenset[str] = frozenset()) -> None:
        self.fails = fails
        self.asked: Counter[str] = Counter()
        self.open: set[str] = set()
        self.threads: set[int] = set()
        self.closed = 0
        self.lock = threading.Lock()

    def change(self, action: str, state: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        with self.lock:
            if action == "setup":
                self.threads.add(threading.get_ident())
            self.asked[f"{action} {state}"] += 1
            if action in self.fails:
                raise ProviderError(f"no {action}")
            if action == "teardown":
                self.open.discard(params["analysis_id"])
                return {}
            name = f"{state}-{params.get('files')}-{sum(self.asked.values())}"
            self.open.add(name)
            return {"analysis_id": name}

    def close(self) -> None:
        self.closed += 1


def test_it_works_ahead_in_a_thread_and_leaves_nothing() -> None:
    behind = Recording()
    provider = PrefetchingProvider(Recording(), behind)
    for files in (True, False, True):
        made = provider.change("setup", PENDING_ANALYSIS, {"files": files})
        assert f"-{files}-" in made["analysis_id"]
        provider.change("teardown", PENDING_ANALYSIS, made)
    provider.close()
    assert threading.get_ident() not in behind.threads
    assert behind.asked[f"setup {PENDING_ANALYSIS}"] <= 3 + 2 * AHEAD
    assert behind.open == set()
    assert behind.closed == 1


def test_what_cannot_be_done_ahead_is_done_when_it_is_asked_for() -> None:
    front, behind = Recording(), Recording()
    provider = PrefetchingProvider(front, behind)
    provider.change("setup", PENDING_ANALYSIS, {"files": True, "sample_of": "a"})
    provider.change("setup", IDLE, {})
    provider.change("teardown", IDLE, {"analysis_id": ""})
    assert front.asked.total() == 3
    assert behind.asked.total() == 0
    provider.close()
    assert (front.closed, behind.closed) == (1, 1)


def test_an_error_comes_where_the_analysis_is_asked_for() -> None:
    provider = PrefetchingProvider(Recording(), Recording(frozenset({"setup"})))
    for _ in range(2):
        with pytest.raises(ProviderError, match="no setup"):
            provider.change("setup", PENDING_ANALYSIS, {"files": True})
    provider.close()


def test_a_provider_that_fails_to_tear_down_is_not_asked_for_ever() -> None:
    behind = Recording(frozenset({"teardown"}))
    provider = PrefetchingProvider(Recording(), behind)
    made = [provider.change("setup", PENDING_ANALYSIS, {"files": True}) for _ in range(50)]
    provider._is_ending = True  # as while `close` waits for what is under way
    for each in made:
        provider.change("teardown", PENDING_ANALYSIS, each)
    provider.close()
    assert behind.asked[f"teardown {PENDING_ANALYSIS}"] == 1
