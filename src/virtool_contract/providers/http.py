"""A provider behind a URL, which takes each state change as a POST."""

import json
from collections.abc import Mapping
from functools import cached_property
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from urllib3.util import parse_url

from virtool_contract.connections import ACCEPTED, Connections, LostError, TooLongError
from virtool_contract.deadlines import TIMEOUTS, Watchdog
from virtool_contract.interrupts import patience
from virtool_contract.provider import ANSWER_LIMIT, ProviderError, read_answer, reason

HINT = "it should answer with one JSON object; is --state-change-url right?"


class HttpProvider:
    """A provider behind a URL that takes state changes as POSTed JSON; for any thread."""

    def __init__(self, url: str, timeout: float = 10.0) -> None:
        """Keep the URL; nothing is sent yet. `timeout` is in seconds, for each state change."""
        self.url = url
        self.timeout = timeout
        self._watchdog = Watchdog()
        self._connections = Connections(url, ANSWER_LIMIT)

    def change(self, action: str, state: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """POST one state change (see `Provider.change`)."""
        message = {"action": action, "state": state, "params": dict(params)}
        deadline = patience(TIMEOUTS * self.timeout)
        with self._watchdog.watching(deadline) as watch:
            try:
                status, raw = self._post(message)
                failure = ""
            except TooLongError:
                said = f"{self._place()} answered with more than {ANSWER_LIMIT} bytes"
                raise ProviderError(f"{said}: {HINT}") from None
            except (HTTPException, OSError, ValueError) as error:
                failure = reason(error)
        if watch.expired:
            failure = f"its answer was not complete after {deadline:g} seconds"
        if failure:
            raise ProviderError(f"{self._place()} cannot be reached: {failure}")
        return self._read(state, status, raw)

    def _post(self, message: Mapping[str, Any]) -> tuple[int, bytes]:
        body = json.dumps(message).encode()
        headers = ACCEPTED | {"Content-Type": "application/json"}
        request = ("POST", self._target, body, headers, self.timeout)
        try:
            answer = self._connections.request(*request)
        except LostError:  # at worst it sets up one analysis more, which nobody uses
            answer = self._connections.request(*request)
        return answer.status, answer.body

    @cached_property
    def _target(self) -> str:
        """The path, and the query.

        Raises:
            ValueError: the host cannot be one.
        """
        return parse_url(self.url).request_uri

    def _place(self) -> str:
        parts = urlsplit(self.url)
        host = parts.netloc.rpartition("@")[2]
        return f"the provider at {parts.scheme}://{host}{parts.path}"

    def _read(self, state: str, status: int, raw: bytes) -> Mapping[str, Any]:
        place = f"{self._place()} answered {status}"
        answer = read_answer(self._place(), HINT, state, raw, said=place)
        if status >= 300:
            raise ProviderError(f"{place} to {state!r}: no `error` member")
        return answer

    def directly(self) -> "HttpProvider":
        """Itself: it does nothing ahead."""
        return self

    def forget(self) -> None:
        """Do nothing: nothing is set up ahead."""

    def close(self) -> None:
        """Close the connections of all threads."""
        self._connections.close()
