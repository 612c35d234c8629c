"""What the YAML of a contract must look like, as far as this suite reads it (JSON Schema 2020-12).

OpenAPI itself is checked by openapi-spec-validator in the tests; this is the part whose mistakes
would otherwise surface as tracebacks or, worse, as checks that never run.
"""

from typing import Any, Final

REASONS: Final = ("absent", "not-own", "finalized", "unauthenticated", "invalid-body")
LEVELS: Final = ("must", "should", "may")
STATES: Final = ("finalized", "absent")
SLUG: Final = r"^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)*$"

CLAUSE: Final = {
    "type": "object",
    "required": ["id", "level", "says", "source", "judges"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string", "pattern": SLUG},
        "level": {"enum": list(LEVELS)},
        "says": {"type": "string", "minLength": 10},
        "source": {"type": "string", "minLength": 3},
        "judges": {"type": "array", "minItems": 1, "items": {"type": "string", "pattern": SLUG}},
        "race": {"type": "boolean"},
    },
}

REFUSAL: Final = {
    "type": "object",
    "required": ["reasons"],
    "additionalProperties": False,
    "properties": {
        "reasons": {"type": "array", "minItems": 1, "items": {"enum": list(REASONS)}},
        "message": {"type": "string", "minLength": 1},
        "decision": {"type": "string", "pattern": SLUG},
    },
    "oneOf": [{"required": ["message"]}, {"required": ["decision"]}],
}

RESPONSE: Final = {
    "type": "object",
    "required": ["description"],
    "properties": {
        "description": {"type": "string"},
        "x-refuses": REFUSAL,
        "x-leaves": {"enum": list(STATES)},
        "content": {
            "type": "object",
            "required": ["application/json"],
            "properties": {"application/json": {"type": "object", "required": ["schema"]}},
        },
    },
}

OPERATION: Final = {
    "type": "object",
    "required": ["operationId", "x-clauses", "responses"],
    "properties": {
        "operationId": {"enum": ["get", "finalize", "remove"]},
        "x-clauses": {"type": "array", "minItems": 1, "items": CLAUSE},
        "x-unimplemented": {
            "type": "array",
            "items": {"type": "string", "pattern": "^[1-5][0-9][0-9]$"},
        },
        "responses": {
            "type": "object",
            "propertyNames": {"pattern": "^[1-5]([0-9][0-9]|XX)$"},
            "patternProperties": {
                "": RESPONSE,
                "^2": {"not": {"required": ["x-refuses"]}},
                "^4": {"required": ["x-refuses"]},
            },
            "minProperties": 1,
        },
    },
}

CONTRACT: Final[dict[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["openapi", "info", "paths", "x-clauses", "components"],
    "properties": {
        "openapi": {"type": "string", "pattern": r"^3\.1\."},
        "info": {
            "type": "object",
            "required": ["version"],
            "properties": {"version": {"type": "string"}},
        },
        "x-clauses": {"type": "array", "items": CLAUSE},
        "components": {
            "type": "object",
            "required": ["schemas"],
            "properties": {
                "schemas": {
                    "type": "object",
                    "required": ["Document"],
                    "additionalProperties": {"type": "object"},
                }
            },
        },
        "paths": {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "propertyNames": {"pattern": r"^/.*\{analysis_id\}$"},
            "additionalProperties": {
                "type": "object",
                "required": ["get", "patch", "delete"],
                "properties": {"get": OPERATION, "patch": OPERATION, "delete": OPERATION},
            },
        },
    },
}
