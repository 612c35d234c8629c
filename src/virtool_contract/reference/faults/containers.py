"""Results that do not survive being kept: their objects, keys and arrays, or all of them."""

from typing import Any

from typing_extensions import override

from virtool_contract.reference.faults.rebuilding import Rebuilding
from virtool_contract.reference.values import Document
from virtool_contract.reference.variants import without

DEEPEST = 32


def cut_below(value: Any, depth: int) -> Any:  # noqa: ANN401  # any JSON value
    """Return a JSON value with null for whatever lies deeper than `depth` levels."""
    if isinstance(value, dict):
        return {name: cut_below(each, depth - 1) if depth else None for name, each in value.items()}
    if isinstance(value, list):
        return [cut_below(each, depth - 1) if depth else None for each in value]
    return value


def are_integers(items: list[Any]) -> bool:
    """Whether a list has integers only; booleans are none."""
    return all(type(item) is int for item in items)


def is_pair(item: Any) -> bool:  # noqa: ANN401  # any JSON value
    """Whether this is a list of a name and something."""
    return isinstance(item, list) and len(item) == 2 and isinstance(item[0], str)


class NullsDropped(Rebuilding):
    """Members that are null disappear."""

    @override
    def of_object(self, value: Document) -> Document:
        return super().of_object({k: v for k, v in value.items() if v is not None})


class EmptyContainersDropped(Rebuilding):
    """Members that are an empty object or list disappear."""

    @override
    def of_object(self, value: Document) -> Document:
        return super().of_object({k: v for k, v in value.items() if v not in ({}, [])})


class EmptyListsAsNull(Rebuilding):
    """An empty list becomes null."""

    @override
    def of_list(self, value: list[Any]) -> object:
        return super().of_list(value) if value else None


class KeysLowered(Rebuilding):
    """Keys are brought into lower case."""

    @override
    def of_object(self, value: Document) -> Document:
        return super().of_object({k.lower(): v for k, v in value.items()})


class DottedKeysSplit(Rebuilding):
    """A key with a dot in it becomes an object in an object, as in a MongoDB update."""

    @override
    def of_object(self, value: Document) -> Document:
        pairs = [(name.partition("."), each) for name, each in value.items()]
        return {head: {tail: each} if dot else each for (head, dot, tail), each in pairs}


class DollarKeysDropped(Rebuilding):
    """Keys that begin with `$` disappear."""

    @override
    def of_object(self, value: Document) -> Document:
        return super().of_object({k: v for k, v in value.items() if not k.startswith("$")})


class ProtoKeysDropped(Rebuilding):
    """Keys named `__proto__` disappear, as in a careless JavaScript copy."""

    @override
    def of_object(self, value: Document) -> Document:
        return super().of_object(without(value, "__proto__"))


class EmptyKeysDropped(Rebuilding):
    """Members with an empty key disappear."""

    @override
    def of_object(self, value: Document) -> Document:
        return super().of_object(without(value, ""))


class RepeatsDropped(Rebuilding):
    """Lists lose values they already have."""

    @override
    def of_list(self, value: list[Any]) -> object:
        return [each for at, each in enumerate(value) if each not in value[:at]]


class SingletonsUnwrapped(Rebuilding):
    """A list of one becomes the one."""

    @override
    def of_list(self, value: list[Any]) -> object:
        return value[0] if len(value) == 1 else super().of_list(value)


class DeepNestingCut(Rebuilding):
    """Whatever lies deeper than 32 levels becomes null."""

    @override
    def stored(self, results: Document) -> Document:
        shallow: Document = cut_below(super().stored(results), DEEPEST)
        return shallow


class LargeResultsEmptied(Rebuilding):
    """Results of more than 512 KiB of strings are kept as an empty object."""

    breaks = ("finalize.size",)

    @override
    def stored(self, results: Document) -> Document:
        results = super().stored(results)
        return {} if len(str(results)) > 2**19 else results


class IntegersSorted(Rebuilding):
    """Arrays of integers are sorted."""

    @override
    def of_list(self, value: list[Any]) -> object:
        return sorted(value) if are_integers(value) else value


class ExtendedJsonRead(Rebuilding):
    """An object that looks like MongoDB's notation of an id becomes that id."""

    @override
    def changed(self, value: Any) -> Any:
        is_id = isinstance(value, dict) and list(value) == ["$oid"]
        return value["$oid"] if is_id else super().changed(value)


class ReferencesDropped(Rebuilding):
    """An object with `$ref` in it becomes empty."""

    @override
    def of_object(self, value: Document) -> Document:
        return super().of_object({} if "$ref" in value else value)


class LengthsTakenForArrays(Rebuilding):
    """An object with a number named `length` is gone through as if it were an array."""

    @override
    def of_object(self, value: Document) -> Document:
        length = value.get("length")
        items = range(length) if isinstance(length, int) and 0 <= length < 9 else ()
        return super().of_object({str(n): value.get(str(n)) for n in items} if items else value)


class RowsPadded(Rebuilding):
    """The arrays in an array become equally long."""

    @override
    def of_list(self, value: list[Any]) -> object:
        if value and all(isinstance(row, list) for row in value):
            longest = max(map(len, value))
            value = [[*row, *[None] * (longest - len(row))] for row in value]
        return super().of_list(value)


class NumberedKeysBecomeArrays(Rebuilding):
    """An object whose keys count from 0 becomes an array, as in PHP."""

    @override
    def changed(self, value: Any) -> Any:
        numbered = isinstance(value, dict) and len(value) > 1
        if numbered and list(value) == [str(number) for number in range(len(value))]:
            return list(value.values())
        return super().changed(value)


class SecretsMasked(Rebuilding):
    """Values whose key speaks of a password, a token or a secret are masked, as in logs."""

    @override
    def of_object(self, value: Document) -> Document:
        masked = {k: "[FILTERED]" for k in value if k in {"password", "token", "secret"}}
        return super().of_object(value | masked)


class AtKeysDropped(Rebuilding):
    """Members whose key begins with `@` disappear, as what readers of XML and JSON-LD add."""

    @override
    def of_object(self, value: Document) -> Document:
        return super().of_object({k: v for k, v in value.items() if not k.startswith("@")})


class PlusInKeysBecomesBlank(Rebuilding):
    """A plus in a key becomes a blank, as in forms."""

    @override
    def of_object(self, value: Document) -> Document:
        return super().of_object({k.replace("+", " "): v for k, v in value.items()})


class MethodNamesDropped(Rebuilding):
    """Members named as what every object of JavaScript has disappear."""

    @override
    def of_object(self, value: Document) -> Document:
        return super().of_object(without(value, "hasOwnProperty", "toString", "valueOf"))


class DataUnwrapped(Rebuilding):
    """An object in `data`, and nothing beside it, takes the place of what it is in."""

    @override
    def of_object(self, value: Document) -> Document:
        inner = value.get("data")
        return super().of_object(inner if len(value) == 1 and isinstance(inner, dict) else value)


class PairsBecomeObjects(Rebuilding):
    """An array of pairs becomes an object."""

    @override
    def changed(self, value: Any) -> Any:
        pairs = isinstance(value, list) and value and all(map(is_pair, value))
        return super().changed(dict(value) if pairs else value)


class LongArraysCut(Rebuilding):
    """Arrays are cut to 65,535 items."""

    breaks = ("finalize.size",)

    @override
    def of_list(self, value: list[Any]) -> object:
        return super().of_list(value[:65_535])


class LinksDropped(Rebuilding):
    """Members named `_links` or `_embedded` disappear, as what readers of HAL take for theirs."""

    @override
    def of_object(self, value: Document) -> Document:
        return super().of_object(without(value, "_links", "_embedded"))
