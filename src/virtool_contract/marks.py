"""The marks of a promise."""

from collections.abc import Callable
from typing import TypeVar

import pytest

Promise = TypeVar("Promise", bound=Callable[..., None])


def clause(*ids: str) -> Callable[[Promise], Promise]:
    """Mark a function as the promise of one or more clauses: it must observe each of them."""

    def mark(promise: Promise) -> Promise:
        marked: Promise = pytest.mark.clause(*ids)(promise)
        return marked

    return mark


standard = pytest.mark.effort("standard")
"""Not run with `--effort quick`."""

lengthy = pytest.mark.lengthy
"""Takes long, one request after another: where processes share a run, it begins among the first."""


at_last = pytest.mark.at_last
"""Runs at the very end: it looks at what early promises have left."""


def in_parts(count: int) -> pytest.MarkDecorator:
    """Split a search into tests with seeds of their own, which processes can share."""
    return pytest.mark.parts(count)
