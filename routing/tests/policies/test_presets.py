import pytest

from routing import policies
from routing.policies.presets import NAMES

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def first():
    return policies.load_defaults()


def test_balanced_is_what_the_gateway_starts_with(first):
    assert policies.with_preset("balanced", policies.draft_content()) == first.content


def test_all_presets_set_the_same_values():
    named = [{section: set(value) for section, value in preset.sections.items()} for preset in policies.presets()]

    assert named[0] == named[1] == named[2]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_wrong_with_what_is_shipped(name):
    assert list(policies.problems(policies.with_preset(name, policies.draft_content()))) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_leaves_phrases_aliases_and_models_alone(name):
    draft = policies.draft_content()

    content = policies.with_preset(name, draft)

    kept = ("phrases", "aliases", "models", "fallbacks", "enabled", "mode")
    assert {section: content[section] for section in kept} == {section: draft[section] for section in kept}


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_can_be_loaded_and_published_and_balanced_leads_back(name, first):
    policies.replace_draft(policies.with_preset(name, policies.draft_content()), "preset", author="ada", name=name)
    if name != "balanced":
        policies.publish(f"Try {name}")

    policies.replace_draft(policies.with_preset("balanced", policies.draft_content()), "preset", author="ada")

    assert policies.draft_content() == first.content


def test_there_are_no_other_presets():
    with pytest.raises(KeyError):
        policies.preset("reckless")
