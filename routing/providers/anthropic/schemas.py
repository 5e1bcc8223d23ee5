"""JSON schemas as Claude's structured outputs and tools take them."""

from collections.abc import Mapping
from typing import Any, TypeVar

T = TypeVar("T", dict[str, Any], list[Any])

UNSUPPORTED = frozenset(
    {
        "$schema",
        "$id",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "maxItems",
        "uniqueItems",
        "contains",
        "minProperties",
        "maxProperties",
        "patternProperties",
        "propertyNames",
        "not",
        "if",
        "then",
        "else",
    }
)
NARROWING = UNSUPPORTED - {"$schema", "$id"}
BY_NAME = ("properties", "$defs", "definitions")  # their keys are names, not keywords
LITERAL = ("enum", "const", "default", "examples")  # what is in them is no schema
UNIONS = ("anyOf", "oneOf", "allOf")


def closed(schema: Any) -> Any:
    """The schema without what is unsupported, each of its objects closed."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept: dict[str, Any] = {}
    for keyword, value in schema.items():
        if keyword in BY_NAME and isinstance(value, dict):
            kept[keyword] = {name: closed(inner) for name, inner in value.items()}
        elif keyword in LITERAL:
            kept[keyword] = value
        elif keyword == "minItems":
            kept[keyword] = 1 if value != 0 else 0
        elif keyword not in UNSUPPORTED:
            kept["anyOf" if keyword == "oneOf" else keyword] = closed(value)
    if kept.get("type") == "object" or "properties" in kept:
        kept["additionalProperties"] = False
    return kept


def is_narrower(schema: Any) -> bool:
    """Whether it asks for more than structured outputs hold a model to."""
    if isinstance(schema, list):
        return any(map(is_narrower, schema))
    if not isinstance(schema, dict):
        return False
    for keyword, value in schema.items():
        inner = list(value.values()) if keyword in BY_NAME and isinstance(value, dict) else value
        if keyword in NARROWING or (keyword == "minItems" and value not in (0, 1)):
            return True
        if keyword == "additionalProperties" and isinstance(value, dict):
            return True
        if keyword not in LITERAL and is_narrower(inner):
            return True
    return False


def is_beyond(schema: Mapping[str, Any]) -> bool:
    """Whether it refers to what structured outputs do not follow: other documents, its own root, itself in a circle."""
    groups = {group: part(schema, group, dict) for group in BY_NAME[1:]}
    edges = {f"#/{group}/{name}": refs(inner) for group, found in groups.items() for name, inner in found.items()}
    if any(ref == "#" or not ref.startswith("#") for ref in refs(schema)):
        return True
    for start in edges:
        reached, waiting = set(), list(edges[start])
        while waiting:
            ref = waiting.pop()
            if ref == start:
                return True
            if ref not in reached:
                reached.add(ref)
                waiting += edges.get(ref, ())
    return False


def refs(schema: Any) -> set[str]:
    if isinstance(schema, list):
        return set().union(*(refs(item) for item in schema))
    if not isinstance(schema, dict):
        return set()
    own = {schema["$ref"]} if isinstance(schema.get("$ref"), str) else set()
    return own.union(*(refs(value) for value in schema.values()))


def input_schema(parameters: object) -> dict[str, Any]:
    """A tool's parameters as an object schema; a union at the top, which is refused, becomes all its properties."""
    if not isinstance(parameters, dict) or not parameters:
        return {"type": "object", "properties": {}}
    schema = {keyword: value for keyword, value in parameters.items() if keyword not in UNIONS}
    schema["type"] = "object"
    for union in UNIONS:
        for member in part(parameters, union, list):
            if not isinstance(member, dict):
                continue
            if properties := part(member, "properties", dict):
                schema["properties"] = {**properties, **part(schema, "properties", dict)}
            if union == "allOf" and (required := part(member, "required", list)):
                schema["required"] = [*part(schema, "required", list), *required]
    return schema


def part(schema: Mapping[str, Any], keyword: str, kind: type[T]) -> T:
    """A keyword's value where it is what it should be."""
    value = schema.get(keyword)
    return value if isinstance(value, kind) else kind()
