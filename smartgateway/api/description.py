"""`GET /v1/openapi.json`, and the same for people at `/docs/`: both without a key, for they tell nothing secret."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

SOURCE = Path(__file__).with_name("openapi.yaml")
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


@cache
def description() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(SOURCE.read_text())
    return loaded


@cache
def encoded() -> bytes:
    return msgspec.json.encode(description())


async def openapi(request: HttpRequest) -> HttpResponse:
    return HttpResponse(encoded(), content_type="application/json")


def page(request: HttpRequest) -> HttpResponse:
    context = {"about": description()["info"]["description"], "operations": list(operations())}
    response = render(request, "api/reference.html", context)
    response["content-security-policy"] = CONTENT_SECURITY_POLICY
    return response


def operations() -> Iterator[dict[str, Any]]:
    for path, item in description()["paths"].items():
        for method, operation in item.items():
            yield {
                "method": method.upper(),
                "path": path,
                "summary": operation["summary"],
                "needs_key": operation.get("security") != [],
                "members": [*parameters(operation), *members(operation)],
                "responses": [(status, found["description"]) for status, found in operation["responses"].items()],
            }


def parameters(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for found in operation.get("parameters", ()):
        yield member(found["name"], {**found["schema"], "description": found["description"]}, found["in"])


def members(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "requestBody" not in operation:
        return
    reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    schema = description()["components"]["schemas"][reference.rpartition("/")[2]]
    for name, found in schema["properties"].items():
        yield member(name, found, "required" if name in schema["required"] else "optional")


def member(name: str, schema: dict[str, Any], place: str) -> dict[str, Any]:
    return {"name": name, "kind": kind_of(schema), "place": place, "meaning": schema["description"]}


def kind_of(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(kind_of(each) for each in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(schema["enum"])
    kind = schema["type"]
    return kind if isinstance(kind, str) else str(kind[0])
