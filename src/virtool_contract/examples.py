"""Examples that broke a clause in a search: kept from run to run, in a folder or in Redis.

They hold what hypothesis has drawn, and nothing that a target has sent.
"""

import hashlib
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

from hypothesis.database import DirectoryBasedExampleDatabase, ExampleDatabase
from typing_extensions import override

from virtool_contract.options import OptionError

OPTION = "--example-database"
PATIENCE = 5.0
"""Seconds that Redis may take to answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """All examples of a database; `errors` are raised by it where it cannot be reached."""

    database: ExampleDatabase
    errors: tuple[type[Exception], ...]

    def of(self, *names: str) -> ExampleDatabase:
        """Those of one search; its names tell it from other searches."""
        return _Shelf(self, hashlib.sha256("\0".join(names).encode()).digest())


class _Shelf(ExampleDatabase):
    """Part of a database.

    One that is lost in mid-run is as good as an empty one: examples spare time, and no verdict
    rests on them.
    """

    def __init__(self, examples: Examples, prefix: bytes) -> None:
        """Keep what stands before each key."""
        super().__init__()
        self._examples = examples
        self._prefix = prefix

    @override
    def save(self, key: bytes, value: bytes) -> None:
        with suppress(*self._examples.errors):
            self._examples.database.save(self._prefix + key, value)

    @override
    def fetch(self, key: bytes) -> Iterable[bytes]:
        with suppress(*self._examples.errors):
            return tuple(self._examples.database.fetch(self._prefix + key))
        return ()

    @override
    def delete(self, key: bytes, value: bytes) -> None:
        with suppress(*self._examples.errors):
            self._examples.database.delete(self._prefix + key, value)


def open_database(where: str | None) -> Examples | None:
    """The database at a folder or URL; None for nowhere.

    Raises:
        OptionError: it cannot be used.
    """
    if where is None:
        return None
    opened: Callable[[str], Examples] = _in_redis if "://" in where else _in_folder
    return opened(where)


def _in_folder(where: str) -> Examples:
    folder = Path(where)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        TemporaryFile(dir=folder).close()
    except OSError as error:
        raise OptionError(
            f"{OPTION}: {where!r} cannot be written to ({error.strerror}); try ./examples"
        ) from None
    return Examples(database=DirectoryBasedExampleDatabase(folder), errors=(OSError,))


def _in_redis(where: str) -> Examples:
    try:
        import redis  # noqa: PLC0415 - an extra, which most do without
        from hypothesis.extra.redis import RedisExampleDatabase  # noqa: PLC0415 - the same
    except ImportError:
        raise OptionError(
            f"{OPTION}: a Redis database needs redis-py; try pip install 'virtool-contract[redis]'"
        ) from None
    shown = re.sub("//[^/]*@", "//***@", where)
    try:
        client = redis.Redis.from_url(
            where, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE
        )
        client.ping()
    except (redis.RedisError, ValueError, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise OptionError(f"{OPTION}: {shown!r} cannot be used: {reason}") from None
    return Examples(database=RedisExampleDatabase(client), errors=(redis.RedisError, OSError))
