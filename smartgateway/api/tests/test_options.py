import pytest

from routing.engine.types import Tier
from smartgateway.api.options import options
from smartgateway.completions.errors import BadRequestError


def test_without_headers_nothing_is_asked_for():
    found = options({}, {})

    assert (found.tier, found.provider, found.min_tier, found.local_only, found.tags) == ("", "", None, False, ())


def test_headers_choose_and_label():
    meta = {
        "HTTP_X_SMARTGATEWAY_TIER": "opus",
        "HTTP_X_SMARTGATEWAY_MIN_TIER": "sonnet",
        "HTTP_X_SMARTGATEWAY_LOCAL_ONLY": "1",
        "HTTP_X_SMARTGATEWAY_TAGS": "nightly, ci ,,ci",
        "HTTP_X_CLAUDE_CODE_SESSION_ID": "s-1",
    }

    found = options(meta, {"provider": "anthropic", "user": "ada"})

    assert (found.tier, found.provider, found.min_tier) == ("opus", "anthropic", Tier.SONNET)
    assert found.local_only
    assert found.tags == ("nightly", "ci")
    assert (found.session, found.end_user) == ("s-1", "ada")


def test_a_label_holds_nothing_that_a_database_refuses():
    found = options({"HTTP_X_SMARTGATEWAY_END_USER": "a\x00d\nа" + "x" * 500}, {})

    assert found.end_user.startswith("adа")
    assert len(found.end_user) == 128


@pytest.mark.parametrize(
    ("meta", "members", "param"),
    [
        ({"HTTP_X_SMARTGATEWAY_TIER": "best"}, {}, "x-smartgateway-tier"),
        ({"HTTP_X_SMARTGATEWAY_MIN_TIER": "haiku"}, {}, "x-smartgateway-min-tier"),
        ({"HTTP_X_SMARTGATEWAY_LOCAL_ONLY": "perhaps"}, {}, "x-smartgateway-local-only"),
        ({}, {"provider": "openai"}, "provider"),
        ({}, {"provider": ["local"]}, "provider"),
    ],
)
def test_a_choice_that_does_not_exist_is_refused(meta, members, param):
    with pytest.raises(BadRequestError) as caught:
        options(meta, members)

    assert caught.value.param == param
