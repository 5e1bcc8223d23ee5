import pytest
from django.core.exceptions import ValidationError

from routing import policies
from routing.models import Phrase, PhraseList, PolicyVersion, Switch, Threshold
from routing.policies.environment import differences

pytestmark = pytest.mark.django_db


def test_the_first_policy_is_published_from_what_is_shipped():
    version = policies.load_defaults()

    assert (version.number, version.author) == (1, "bootstrap")
    assert version.content == policies.draft_content()
    assert policies.draft_changes() == []


def test_the_environment_shapes_the_first_policy(settings):
    settings.DEFAULT_MODEL = "claude-sonnet-5"
    settings.ENABLE_SMART_ROUTING = False
    settings.LOCAL_CONTEXT_CHAR_LIMIT = 12_000

    content = policies.load_defaults().content

    assert content["models"]["sonnet"] == "claude-sonnet-5"
    assert content["enabled"] is False
    assert content["thresholds"]["local_context_char_limit"] == 12_000.0


def test_a_variable_out_of_bounds_is_named(settings):
    settings.LOCAL_CONTEXT_CHAR_LIMIT = 3

    with pytest.raises(ValidationError) as refused:
        policies.load_defaults()

    assert "LOCAL_CONTEXT_CHAR_LIMIT" in refused.value.message_dict
    assert not PolicyVersion.objects.exists()


def test_loading_again_changes_nothing():
    policies.load_defaults()
    Threshold.objects.filter(name="opus_score_threshold").update(value=0.9)
    Phrase.objects.all()[0].delete()
    before = policies.draft_content()

    assert policies.load_defaults() is None

    assert policies.draft_content() == before
    assert PolicyVersion.objects.count() == 1


def test_later_the_environment_changes_nothing(settings):
    policies.load_defaults()
    settings.DEFAULT_MODEL = "claude-sonnet-5"

    assert policies.load_defaults() is None


def test_what_a_later_release_ships_first_joins_the_policy_and_the_draft_stays_a_draft():
    policies.load_defaults()
    Threshold.objects.filter(name="local_context_char_limit").update(value=9_000)
    older = policies.publish("An older release's policy")
    forget_names(older)
    Threshold.objects.filter(name="local_context_char_limit").update(value=8_000)

    version = policies.load_defaults()

    assert version.content["thresholds"]["opus_score_threshold"] == 0.5
    assert version.content["thresholds"]["local_context_char_limit"] == 9_000.0
    assert Threshold.objects.get(name="local_context_char_limit").value == 8_000.0


def forget_names(version):
    """As if the release that published this had not known the threshold yet."""
    content = version.content
    del content["thresholds"]["opus_score_threshold"]
    PolicyVersion.objects.create(
        number=version.number + 1, content=content, digest=policies.digest_of(content), note="older"
    )
    Threshold.objects.filter(name="opus_score_threshold").delete()


def test_descriptions_and_bounds_follow_the_release():
    policies.load_defaults()
    Threshold.objects.update(effect="old words", upper=10_000_000)
    Switch.objects.update(effect="old words")
    PhraseList.objects.update(effect="old words")

    policies.load_defaults()

    assert not Threshold.objects.filter(effect="old words").exists()
    assert not Switch.objects.filter(effect="old words").exists()
    assert not PhraseList.objects.filter(effect="old words").exists()
    assert Threshold.objects.get(name="opus_score_threshold").upper == 1.0


def test_a_variable_that_differs_from_the_policy_is_named_with_both_values(settings):
    content = policies.load_defaults().content
    settings.SET_POLICY_VARIABLES = frozenset({"DEFAULT_MODEL", "OPUS_MODEL", "LOCAL_CONTEXT_CHAR_LIMIT"})
    settings.DEFAULT_MODEL = "claude-sonnet-5"

    assert differences(content) == [
        "DEFAULT_MODEL is 'claude-sonnet-5', but the published policy has 'claude-sonnet-5-5', which rules."
    ]


def test_a_variable_that_is_not_set_differs_from_nothing(settings):
    content = policies.load_defaults().content
    settings.SET_POLICY_VARIABLES = frozenset()
    settings.DEFAULT_MODEL = "claude-sonnet-5"

    assert differences(content) == []
