import pytest
import yaml

from routing.engine.content import content_of, matched_phrases, policy_from
from routing.engine.hits import LISTS
from routing.engine.types import Tier
from routing.tests.engine.given import DEFAULTS, MODELS, defaults, shipped


@pytest.fixture(scope="module")
def file():
    return yaml.safe_load(DEFAULTS.read_text())


def test_every_shipped_threshold_lies_within_its_bounds_and_tells_its_effect(file):
    for name, row in file["thresholds"].items():
        assert row["lower"] <= row["value"] <= row["upper"], name
        assert row["help"].endswith("."), name
        assert row["unit"], name


def test_every_shipped_list_is_one_that_the_rules_read(file):
    assert {*file["phrases"]} == {*LISTS, "harness", "ask_tag"}


def test_the_content_is_the_file_without_what_describes_it(file):
    content = content_of(file)

    assert content["thresholds"]["opus_score_threshold"] == 0.5
    assert content["switches"]["allow_auto_opus"] is True
    assert content["phrases"]["greeting"]["hello"] == 1.0
    assert content["phrases"]["deep_reasoning"]["security audit"] == 0.5


def test_names_of_tags_are_not_looked_for_in_text():
    assert not {"harness", "ask_tag"} & {*matched_phrases(defaults())}


def test_a_policy_is_made_of_plain_content():
    made = policy_from(
        {
            **defaults(),
            "phrases": {"harness": {"EditorContext": 1.0}},
            "fallbacks": {"local": ["haiku"]},
            "mode": "keyword",
            "enabled": False,
            "ambiguous_fallback_tier": "opus",
        },
        version=7,
        match=lambda text: {},
        digest="abc",
    )

    assert (made.version, made.digest, made.mode, made.enabled) == (7, "abc", "keyword", False)
    assert made.phrases == {"harness": {"editorcontext": 1.0}, "ask_tag": {}}
    assert made.fallbacks == {"local": ("haiku",)}
    assert made.ambiguous_fallback_tier is Tier.OPUS
    assert made.models == MODELS


def test_two_policies_of_the_same_content_are_equal():
    same = policy_from(defaults(), version=1, match=lambda text: {})

    assert same == shipped()
