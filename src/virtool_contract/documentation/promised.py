"""What the contract promises, asked in the page's terms."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

JsonObject = Mapping[str, Any]
Types = str | Sequence[str]

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Operation:
    """An operation of the contract; its path item and all that is in it may be `$ref`s."""

    method: str
    path: str
    item: JsonObject
    body: JsonObject

    @property
    def endpoint(self) -> str:
        """Method and path."""
        return f"{self.method} {self.path}"

    @property
    def name(self) -> str:
        """The operationId, or the endpoint where there is none."""
        return str(self.body.get("operationId", self.endpoint))


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised:
    """What the document says, asked in the page's terms."""

    document: JsonObject

    def resolve(self, node: object) -> JsonObject:
        """The node, its `$ref` followed. A boolean schema is no constraint: an empty mapping."""
        if not isinstance(node, Mapping):
            return {}
        seen: list[str] = []
        while "$ref" in node:
            reference = str(node["$ref"])
            if reference in seen:
                raise LookupError(f"the contract's $ref {reference} leads in a circle")
            seen.append(reference)
            beside = {key: value for key, value in node.items() if key != "$ref"}
            node = {**self._at(reference), **beside}
        return node

    def _at(self, reference: str) -> JsonObject:
        node: object = self.document
        start, *steps = reference.split("/")
        for step in steps:
            key = unquote(step).replace("~1", "/").replace("~0", "~")
            node = node.get(key) if isinstance(node, Mapping) else None
        if start != "#" or not isinstance(node, Mapping):
            raise LookupError(f"the contract's $ref {reference} leads nowhere in it")
        return node

    def operations(self) -> Iterator[Operation]:
        """Every operation of every path."""
        for path, node in self.document.get("paths", {}).items():
            item = self.resolve(node)
            for method, body in item.items():
                if method in METHODS:
                    yield Operation(method=method.upper(), path=path, item=item, body=body)

    def parameters(self, operation: Operation, place: str) -> dict[str, JsonObject]:
        """The parameters in one place (`path`, `query`), by name."""
        nodes = [*operation.item.get("parameters", []), *operation.body.get("parameters", [])]
        found = [self.resolve(node) for node in nodes]
        return {each["name"]: each for each in found if each["in"] == place}

    def responses(self, operation: Operation) -> dict[str, JsonObject]:
        """The responses by status, which YAML may have read as a number."""
        responses = operation.body.get("responses", {})
        return {str(status): self.resolve(node) for status, node in responses.items()}

    def request_body(self, operation: Operation) -> JsonObject:
        """The request body; empty where there is none."""
        return self.resolve(operation.body.get("requestBody"))

    def content(self, holder: JsonObject) -> Iterator[JsonObject]:
        """The media types of a request body or response."""
        return map(self.resolve, holder.get("content", {}).values())

    def examples(self, holder: JsonObject) -> Iterator[object]:
        """The example values of a request body or response."""
        for media_type in self.content(holder):
            if "example" in media_type:
                yield media_type["example"]
            for node in media_type.get("examples", {}).values():
                yield self.resolve(node).get("value")

    def query(self, operation: Operation) -> dict[str, str]:
        """The parameters in the query, each as `type, required` or `type, optional`."""
        found: dict[str, str] = {}
        for name, parameter in self.parameters(operation, "query").items():
            types = self.resolve(parameter.get("schema")).get("type", "any")
            found[name] = parameter_kind(types, required=bool(parameter.get("required")))
        return found

    def body_members(self, operation: Operation) -> dict[str, str]:
        """The members of the request body, put like those of the query."""
        types: dict[str, Types] = {}
        required: dict[str, None] = {}
        for media_type in self.content(self.request_body(operation)):
            for schema in self._parts(media_type.get("schema")):
                required |= dict.fromkeys(schema.get("required", []))
                for name, node in schema.get("properties", {}).items():
                    types[name] = self.resolve(node).get("type", "any")
        return {
            name: parameter_kind(types.get(name, "any"), required=name in required)
            for name in dict.fromkeys([*types, *required])
        }

    def _parts(self, node: object) -> Iterator[JsonObject]:
        """A schema and those in its `allOf`."""
        schema = self.resolve(node)
        yield schema
        for part in schema.get("allOf", []):
            yield from self._parts(part)


def parameter_kind(types: Types, *, required: bool) -> str:
    """The type of a parameter and whether it is required, as one text: `object, required`."""
    printed = types if isinstance(types, str) else " or ".join(types)
    return f"{printed}, {'required' if required else 'optional'}"
