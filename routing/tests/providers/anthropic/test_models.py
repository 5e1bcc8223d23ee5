"""What each model takes and refuses, as Anthropic's page on its models has it in November 2026."""

import pytest

from routing.providers.anthropic.models import CAREFUL, traits_of

ALL, UP_TO_HIGH, WITHOUT_XHIGH = 5, 3, 4


@pytest.mark.parametrize(
    ("model", "thinking", "thinks", "efforts", "is_forced", "takes_sampling", "takes_prefill", "most"),
    [
        ("claude-opus-5-5", {"adaptive"}, True, ALL, False, False, False, 128_000),
        ("claude-sonnet-5-5", {"adaptive", "between_tools"}, True, ALL, False, False, False, 128_000),
        ("claude-haiku-5-5", {"adaptive", "disabled"}, True, ALL, True, False, False, 128_000),
        ("claude-fable-5-2", {"adaptive"}, True, ALL, False, False, False, 128_000),
        ("claude-opus-5", {"adaptive", "disabled"}, True, ALL, True, False, False, 128_000),
        ("claude-sonnet-5", {"adaptive", "disabled"}, True, ALL, True, False, False, 128_000),
        ("claude-opus-4-8", {"adaptive", "disabled"}, False, ALL, True, False, False, 128_000),
        ("claude-opus-4-7", {"adaptive", "disabled"}, False, ALL, True, False, False, 128_000),
        (
            "claude-sonnet-4-6",
            {"adaptive", "disabled", "enabled"},
            False,
            WITHOUT_XHIGH,
            True,
            True,
            False,
            128_000,
        ),
        ("claude-opus-4-6", {"adaptive", "disabled", "enabled"}, False, WITHOUT_XHIGH, True, True, False, 128_000),
        ("claude-opus-4-5", {"disabled", "enabled"}, False, UP_TO_HIGH, True, True, True, 64_000),
        ("claude-haiku-4-5", {"disabled", "enabled"}, False, 0, True, True, True, 64_000),
        ("claude-sonnet-4-5", {"disabled", "enabled"}, False, 0, True, True, True, 64_000),
    ],
)
def test_each_model_is_known_for_what_it_takes(
    model, thinking, thinks, efforts, is_forced, takes_sampling, takes_prefill, most
):
    traits = traits_of(model)

    assert (traits.thinking, traits.thinks, len(traits.efforts)) == (thinking, thinks, efforts)
    assert (traits.can_force_tools, traits.takes_sampling, traits.takes_prefill) == (
        is_forced,
        takes_sampling,
        takes_prefill,
    )
    assert traits.max_output_tokens == most


@pytest.mark.parametrize(
    ("model", "takes_it"),
    [
        ("claude-opus-5-5", True),
        ("claude-sonnet-5-5", True),
        ("claude-haiku-5-5", True),
        ("claude-opus-5", True),
        ("claude-opus-4-8", True),
        ("claude-sonnet-5", False),
        ("claude-opus-4-7", False),
        ("claude-haiku-4-5", False),
    ],
)
def test_only_the_newer_models_take_a_system_message_among_the_turns(model, takes_it):
    assert traits_of(model).takes_late_system is takes_it


@pytest.mark.parametrize(
    ("model", "same_as"),
    [
        ("claude-haiku-4-5-20251001", "claude-haiku-4-5"),
        ("claude-opus-5-5", "claude-opus-5-5"),
        ("claude-opus-5-20260301", "claude-opus-5"),
    ],
)
def test_a_dated_id_is_its_model_and_a_longer_name_is_another(model, same_as):
    assert traits_of(model) is traits_of(same_as)
    assert traits_of("claude-opus-5-5") is not traits_of("claude-opus-5")


@pytest.mark.parametrize("model", ["claude-opus-6", "claude-opus-5-5-turbo", "claude-haiku-4-5-2025", "gpt-5"])
def test_of_a_model_that_is_not_known_the_least_is_expected(model):
    assert traits_of(model) is CAREFUL
