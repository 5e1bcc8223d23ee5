"""Models of tiers that come by another way than their form: a file, a version, the environment."""

import pytest
from django.core.exceptions import ValidationError

from routing import policies, prices
from routing.models import LocalModelRecord, ModelAlias, Threshold, TierModel

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft():
    prices.load_defaults()
    policies.load_defaults()
    return policies.draft_content()


@pytest.mark.parametrize(
    ("models", "message"),
    [
        pytest.param("{sonnet: null}", "model sonnet: Name the model that serves it.", id="null"),
        pytest.param("{local: ~}", "model local: Name the model that serves it.", id="a tilde"),
        pytest.param("{opus: totally-made-up-model}", "is no Claude model that is known here", id="an invented one"),
        pytest.param("{haiku: haiku}", "is what a client may ask for", id="a tier"),
        pytest.param("{local: 'ollama:foo'}", "is what a client may ask for", id="a prefix"),
    ],
)
def test_a_file_with_a_model_that_cannot_serve_is_refused(draft, models, message):
    with pytest.raises(ValidationError) as refused:
        policies.imported(f"models: {models}", draft)

    assert message in " ".join(refused.value.messages)


def test_a_draft_with_a_model_that_cannot_serve_is_not_published(draft):
    TierModel.objects.filter(slot="sonnet").update(model="claude-sonet-5-5")

    with pytest.raises(ValidationError) as refused:
        policies.publish("A slip")

    assert "nearest are claude-sonnet-5-5" in refused.value.message_dict["model sonnet"][0]


def test_the_environment_may_name_a_model_that_is_newer_than_the_release(settings):
    settings.OPUS_MODEL = "claude-opus-9"

    policies.load_defaults()
    Threshold.objects.filter(name="opus_score_threshold").update(value=0.6)

    assert policies.publish("What is in force may stay").content["models"]["opus"] == "claude-opus-9"


@pytest.mark.parametrize("model", ["sonnet", "null"])
def test_the_environment_may_not_name_what_no_provider_has(settings, model):
    settings.DEFAULT_MODEL = model

    with pytest.raises(ValidationError) as refused:
        policies.load_defaults()

    assert "model sonnet" in refused.value.message_dict


def test_a_local_model_may_have_an_alias_of_its_name(draft):
    ModelAlias.objects.create(pattern="qwen9:7b", target="auto")
    LocalModelRecord.objects.create(name="qwen9:7b")

    assert policies.problem_of_tier_model("local", "qwen9:7b") == ""


def test_presets_are_shown_of_a_draft_with_which_something_is_wrong(draft):
    TierModel.objects.filter(slot="sonnet").update(model="claude-sonet-5-5")

    content = policies.with_preset("thrifty", policies.draft_content())

    assert content["models"]["sonnet"] == "claude-sonet-5-5"
