import pytest

from routing.providers.base import ProviderMisconfiguredError
from smartgateway.completions.errors import from_provider


@pytest.mark.parametrize(
    ("provider_name", "kind", "variable"),
    [
        ("local", "html_answer", "LOCAL_LLM_BASE_URL"),
        ("local", "not_authorized", "LOCAL_LLM_API_KEY"),
        ("local", "cloudflare_access", "LOCAL_CF_ACCESS_CLIENT_ID and LOCAL_CF_ACCESS_CLIENT_SECRET"),
        ("anthropic", "html_answer", "ANTHROPIC_BASE_URL"),
        ("anthropic", "billing", "ANTHROPIC_API_KEY"),
        ("", "html_answer", "its address"),
    ],
)
def test_a_refused_access_is_a_502_that_names_the_settings(provider_name, kind, variable):
    failure = ProviderMisconfiguredError("refused", kind=kind)
    failure.provider_name = provider_name

    error = from_provider(failure)

    assert (error.status, error.should_retry) == (502, False)
    assert f"look at {variable}." in error.message
