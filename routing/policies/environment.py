"""The variables that the first policy is made from. Afterwards the rows rule, and a difference is only reported."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

# variable → where its value stands in a policy's content
PLACES = {
    "DEFAULT_MODEL": ("models", "sonnet"),
    "OPUS_MODEL": ("models", "opus"),
    "HAIKU_MODEL": ("models", "haiku"),
    "LOCAL_LLM_DEFAULT_MODEL": ("models", "local"),
    "ROUTING_CLASSIFIER_MODEL": ("models", "classifier"),
    "ENABLE_SMART_ROUTING": ("enabled",),
    "SMART_ROUTING_MODE": ("mode",),
    "LOCAL_CONTEXT_CHAR_LIMIT": ("thresholds", "local_context_char_limit"),
    "ROUTING_CLASSIFIER_TIMEOUT": ("thresholds", "classifier_timeout_seconds"),
    "ROUTING_CLASSIFIER_CACHE_SIZE": ("thresholds", "classifier_cache_size"),
}


def overlaid(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content with the settings' values in their places."""
    result = {name: dict(value) if isinstance(value, Mapping) else value for name, value in content.items()}
    for variable, (section, *name) in PLACES.items():
        value = getattr(settings, variable)
        if name:
            result[section][name[0]] = float(value) if section == "thresholds" else value
        else:
            result[section] = value
    return result


def differences(content: Mapping[str, Any]) -> list[str]:
    """One sentence for each variable that is set in the environment and is not what the policy says."""
    return [
        f"{variable} is {ours!r}, but the published policy has {published!r}, which rules."
        for variable in sorted(settings.SET_POLICY_VARIABLES)
        if (ours := getattr(settings, variable)) != (published := _at(PLACES[variable], content))
    ]


def _at(place: tuple[str, ...], content: Mapping[str, Any]) -> object:
    found: Any = content
    for name in place:
        found = found.get(name)
    return found
