"""What is set up ahead is what would have been set up, and nothing of it is left behind."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from virtool_contract.provider import PENDING_ANALYSIS, Provider, ProviderError
from virtool_contract.providers.prefetch import AHEAD, THREADS, PrefetchingProvider

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

    def directly(self) -> Provider:
        return self

    def forget(self) -> None:
        raise AssertionError("nothing is set up ahead here")

    def close(self) -> None:
        self.closed += 1


def setup(provider: PrefetchingProvider, *, files: bool = True) -> Mapping[str, Any]:
    return provider.change("setup", PENDING_ANALYSIS, {"files": files})


def test_it_works_ahead_in_threads_and_leaves_nothing() -> None:
    behind = Recording()
    provider = PrefetchingProvider(behind)
    for files in (True, False, True):
        made = setup(provider, files=files)
        assert f"-{files}-" in made["analysis_id"]
        provider.change("teardown", PENDING_ANALYSIS, made)
    provider.close()
    assert threading.get_ident() not in behind.threads
    assert behind.asked[f"setup {PENDING_ANALYSIS}"] <= 3 + 2 * AHEAD
    assert behind.open == set()
    assert behind.closed == 1


def test_nobody_waits_for_what_is_ready() -> None:
    behind = Recording()
    provider = PrefetchingProvider(behind)
    setup(provider)
    while len(behind.open) <= AHEAD:
        time.sleep(0.01)
    behind.lock.acquire()  # from now on the provider hangs
    for _ in range(AHEAD):
        assert setup(provider)
    behind.lock.release()
    provider.close()


def test_several_are_asked_for_at_once() -> None:
    class Meeting(Recording):
        barrier = threading.Barrier(THREADS)

        @override
        def change(self, action: str, state: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
            if action == "setup" and not self.asked:
                self.barrier.wait(timeout=5)
            return super().change(action, state, params)

    provider = PrefetchingProvider(Meeting())
    assert setup(provider)
    provider.close()


def test_what_the_target_has_lost_is_not_handed_out() -> None:
    behind = Recording()
    provider = PrefetchingProvider(behind)
    setup(provider)
    while len(behind.open) <= AHEAD:
        time.sleep(0.01)
    lost = set(behind.open)
    provider.forget()
    assert {setup(provider)["analysis_id"] for _ in range(AHEAD + 1)} & lost == set()
    provider.close()
    assert len(behind.open & lost) == 1  # that which was handed out before


def test_what_cannot_be_done_ahead_is_done_when_it_is_asked_for() -> None:
    behind = Recording()
    provider = PrefetchingProvider(behind)
    provider.change("setup", PENDING_ANALYSIS, {"files": True, "sample_of": "a"})
    provider.change("setup", IDLE, {})
    provider.change("teardown", IDLE, {"analysis_id": ""})
    assert behind.asked.total() == 3
    assert behind.threads == {threading.get_ident()}
    provider.close()


def test_an_error_comes_where_the_analysis_is_asked_for() -> None:
    provider = PrefetchingProvider(Recording(frozenset({"setup"})))
    for _ in range(2):
        with pytest.raises(ProviderError, match="no setup"):
            setup(provider)
    provider.close()


def test_a_provider_that_fails_to_tear_down_is_not_asked_for_ever() -> None:
    behind = Recording(frozenset({"teardown"}))
    provider = PrefetchingProvider(behind)
    made = [setup(provider) for _ in range(50)]
    provider._is_ending = True  # as while `close` waits for what is under way
    for each in made:
        provider.change("teardown", PENDING_ANALYSIS, each)
    provider.close()
    assert behind.asked[f"teardown {PENDING_ANALYSIS}"] <= THREADS
