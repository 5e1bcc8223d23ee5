"""What is half configured, said at the start: each warning names the variable or the page that mends it."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import DatabaseError

from routing import policies, prices
from routing.models import ModelPrice, PolicyVersion

NO_PROVIDER = "routing.W001"
NO_POLICY = "routing.W002"
POLICY_DIFFERS = "routing.W003"
NO_PRICE = "routing.W004"
TWO_CREDENTIALS = "routing.W005"


@register(deploy=True)
def a_provider_is_configured(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """For a deployment only: `make run` finds or brings a local model that other commands do not hear of."""
    if settings.ANTHROPIC_API_KEY or settings.LOCAL_LLM_BASE_URL:
        return []
    return [
        Warning(
            "No provider is configured: nothing can answer a request.",
            hint="Set ANTHROPIC_API_KEY for Claude, LOCAL_LLM_BASE_URL for a local model, or both.",
            id=NO_PROVIDER,
        )
    ]


@register
def the_local_server_is_sent_one_credential(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    if not (settings.LOCAL_LLM_BASIC_AUTH and settings.LOCAL_LLM_API_KEY):
        return []
    sentence = "LOCAL_LLM_API_KEY is sent to the local server, and the user in LOCAL_LLM_BASE_URL is not."
    return [Warning(sentence, hint="Both go into one header: remove one of them.", id=TWO_CREDENTIALS)]


@register(Tags.database)
def the_policy_is_what_the_operator_expects(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Reads rows, and so runs only where Django was asked to check a database, and never on one without tables."""
    if not databases:
        return []
    try:
        version = PolicyVersion.objects.newest()
        if version is None:
            return [no_policy()]
        return [*differing_variables(version), *missing_prices(version)]
    except DatabaseError:  # before the first migration
        return []


def no_policy() -> CheckMessage:
    return Warning("No routing policy is published.", hint="Run manage.py bootstrap.", id=NO_POLICY)


def differing_variables(version: PolicyVersion) -> list[CheckMessage]:
    hint = "Remove the variable, or change the draft in the admin and publish it."
    return [Warning(sentence, hint=hint, id=POLICY_DIFFERS) for sentence in policies.differences(version.content)]


def missing_prices(version: PolicyVersion) -> list[CheckMessage]:
    book = prices.book_of(ModelPrice.objects.order_by("-valid_from"))
    return [
        Warning(
            f"{model} ({place}) has no price: what it costs and saves stays unknown.",
            hint="Run manage.py load_prices, or add its price in the admin, under model prices.",
            id=NO_PRICE,
        )
        for place, provider_name, model in policies.served_models(version.content)
        if book.find(provider_name, model) is None
    ]
