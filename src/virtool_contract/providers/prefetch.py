"""Sets up analyses ahead of their use, and tears down behind it, so that a run need not wait."""

import queue
import threading
from collections.abc import Mapping
from typing import Any, Final

from virtool_contract.interrupts import is_late
from virtool_contract.provider import PENDING_ANALYSIS, Provider, ProviderError

AHEAD: Final = 3
"""How many analyses of a kind are kept ready, once one of the kind was asked for."""

_Outcome = Mapping[str, Any] | Exception


class PrefetchingProvider:
    """A provider with another one behind it, which a thread works ahead with.

    `behind` is used by that thread alone, `front` by the callers: the two may be two connections
    to the same provider. What was set up and not asked for is torn down at the end.
    """

    def __init__(self, front: Provider, behind: Provider) -> None:
        """Do nothing ahead until something is asked for."""
        self._front = front
        self._behind = behind
        self._ready: dict[bool, queue.Queue[_Outcome]] = {}
        self._tasks: queue.Queue[tuple[str, Mapping[str, Any]] | None] = queue.Queue()
        self._thread: threading.Thread | None = None
        self._is_ending = False
        self._is_lost = False

    def change(self, action: str, state: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Carry out one state change (see `Provider.change`), if possible one that is done."""
        if state != PENDING_ANALYSIS or "sample_of" in params:
            return self._front.change(action, state, params)
        self._begin()
        if action == "teardown":
            self._tasks.put((action, params))
            return {}
        files = params.get("files") is True
        if files not in self._ready:
            self._ready[files] = queue.Queue()
            for _ in range(AHEAD):
                self._tasks.put(("setup", {"files": files}))
        self._tasks.put(("setup", {"files": files}))
        outcome = self._ready[files].get()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def close(self) -> None:
        """Tear down what is left over, wait for what is under way, and let the provider go."""
        self._is_ending = True
        if self._thread is not None:
            self._tasks.put(None)
            self._thread.join()
            self._thread = None
        for ready in self._ready.values():
            while not ready.empty():
                outcome = ready.get()
                if not isinstance(outcome, Exception):
                    self._tear_down({"analysis_id": str(outcome.get("analysis_id"))})
        self._front.close()
        self._behind.close()

    def _begin(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="provider", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        """Carry tasks out in turn; at the end, tear down but set up no more."""
        while (task := self._tasks.get()) is not None:
            action, params = task
            if action == "teardown":
                self._tear_down(params)
            elif not self._is_ending:
                self._ready[params["files"]].put(self._set_up(params))

    def _set_up(self, params: Mapping[str, Any]) -> _Outcome:
        try:
            return self._behind.change("setup", PENDING_ANALYSIS, params)
        except Exception as error:  # noqa: BLE001 - raised where the analysis is asked for
            return error

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
