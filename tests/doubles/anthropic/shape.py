"""The closed schema of a Messages body, taken from the SDK's own parameter types."""

import importlib
import pkgutil
from functools import cache
from typing import Any

import anthropic.types
from pydantic import TypeAdapter, ValidationError
from typing_extensions import NoExtraItems, is_typeddict


@cache
def adapter(*, is_beta: bool, counts_only: bool) -> TypeAdapter:
    """Every type of the SDK forbids unknown members here, unless it says itself that it allows them."""
    package = anthropic.types.beta if is_beta else anthropic.types
    for module in pkgutil.iter_modules(package.__path__):
        if module.name != "beta":
            close(importlib.import_module(f"{package.__name__}.{module.name}"))
    if counts_only:
        return TypeAdapter(package.message_count_tokens_params.MessageCountTokensParams)
    return TypeAdapter(package.message_create_params.MessageCreateParamsBase)


def close(module: Any) -> None:
    for value in vars(module).values():
        if is_typeddict(value) and "__pydantic_config__" not in vars(value):
            value.__pydantic_config__ = {"extra": "allow" if takes_more(value) else "forbid"}


def takes_more(kind: type) -> bool:
    return getattr(kind, "__extra_items__", NoExtraItems) is not NoExtraItems


def misshapen(body: Any, *, is_beta: bool = False, counts_only: bool = False) -> str | None:
    """What is wrong with the shape, in the API's own way of saying it."""
    if isinstance(body, dict) and not counts_only:
        body = {name: value for name, value in body.items() if name != "stream"}
    try:
        exhaust(adapter(is_beta=is_beta, counts_only=counts_only).validate_python(body, strict=True))
    except ValidationError as exc:
        error = exc.errors()[0]
        return f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}"
    return None


def exhaust(value: Any) -> None:
    """Iterables are validated only while they are read."""
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, str | bytes | int | float | None):
        for item in value:
            exhaust(item)
