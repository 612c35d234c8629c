"""Sets up analyses ahead of their use, and tears down behind it, so that a run need not wait."""

from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final

from virtool_contract.interrupts import is_late
from virtool_contract.provider import PENDING_ANALYSIS, Provider, ProviderError

AHEAD: Final = 4
"""How many analyses of a kind are kept ready, once one of the kind was asked for."""
THREADS: Final = 4
"""How many state changes may be under way at once."""

_Answer = Mapping[str, Any]


class PrefetchingProvider:
    """A provider with another one behind it, which threads work ahead with.

    What was set up and not asked for is torn down at the end.
    """

    def __init__(self, behind: Provider) -> None:
        """Do nothing ahead until something is asked for; any thread may use the one `behind`."""
        self._behind = behind
        self._ready: dict[bool, deque[Future[_Answer]]] = {}
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="provider")
        self._is_ending = False
        self._is_lost = False

    def change(self, action: str, state: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Carry out one state change (see `Provider.change`), if possible one that is done."""
        if state != PENDING_ANALYSIS or "sample_of" in params:
            return self._behind.change(action, state, params)
        if action == "teardown":
            self._pool.submit(self._tear_down, params)
            return {}
        files = params.get("files") is True
        ready = self._ready.setdefault(files, deque())
        while len(ready) <= AHEAD:
            ready.append(self._pool.submit(self._set_up, files=files))
        return ready.popleft().result()

    def directly(self) -> Provider:
        """The one behind."""
        return self._behind

    def forget(self) -> None:
        """Give back what was set up ahead, and set it up anew when something is asked for."""
        for ready in self._ready.values():
            while ready:
                ready.popleft().add_done_callback(self._give_back)

    def close(self) -> None:
        """Tear down what is left over, wait for what is under way, and let the provider go."""
        self._is_ending = True
        for ready in self._ready.values():
            for future in ready:
                future.cancel()
        self._pool.shutdown(wait=True)
        for ready in self._ready.values():
            while ready:
                self._give_back(ready.popleft())
        self._behind.close()

    def _set_up(self, *, files: bool) -> _Answer:
        return self._behind.change("setup", PENDING_ANALYSIS, {"files": files})

    def _give_back(self, future: "Future[_Answer]") -> None:
        """Tear down what nobody asked for, if anything was set up."""
        if not future.cancelled() and not future.exception():
            self._tear_down({"analysis_id": str(future.result().get("analysis_id"))})

    def _tear_down(self, params: Mapping[str, Any]) -> None:
        """Give back; a provider that fails here does not spoil what was established.

        It is asked no more at the end, for each request to one that hangs would take its time.
        """
        if self._is_lost or is_late():
            return
        try:
            self._behind.change("teardown", PENDING_ANALYSIS, params)
        except ProviderError:
            self._is_lost = self._is_ending
