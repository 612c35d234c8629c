"""Keeps the garbage collector from going through what stays until the process ends."""

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collected_late() -> Iterator[None]:
    """Collect nothing before `all_is_there` is called, and nothing when the process ends.

    What is imported stays, some hundred thousand objects: to search them for garbage while they are
    made takes a tenth as long as to make them, and to search them in the end as long again.
    """
    atexit.register(gc.freeze)
    gc.disable()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.enable()


def all_is_there() -> None:
    """Collect from now on, from what is made from now on."""
    gc.freeze()
    gc.enable()
