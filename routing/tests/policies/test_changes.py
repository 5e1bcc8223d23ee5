import pytest

from routing.policies.changes import changes

BEFORE = {
    "enabled": True,
    "mode": "local_first",
    "ambiguous_fallback_tier": "sonnet",
    "thresholds": {"named_files": 5.0},
    "switches": {"tier_words": True},
    "phrases": {"scope": {"end to end": 0.05, "roadmap": 0.15}},
    "aliases": [{"pattern": "gpt-*", "target": "auto"}],
    "models": {"opus": "claude-opus-5-5"},
    "fallbacks": {"opus": ["sonnet", "local"]},
}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        pytest.param({"enabled": False}, "Smart routing: on → off.", id="a setting"),
        pytest.param({"thresholds": {"named_files": 12_000.0}}, "Threshold named_files: 5 → 12,000.", id="a threshold"),
        pytest.param({"switches": {"tier_words": False}}, "Switch tier_words: on → off.", id="a switch"),
        pytest.param(
            {"models": {"opus": "claude-opus-6"}}, "Model of opus: claude-opus-5-5 → claude-opus-6.", id="a model"
        ),
        pytest.param({"aliases": []}, "Alias gpt-*: removed (was auto).", id="an alias that is gone"),
        pytest.param(
            {"fallbacks": {"opus": ["sonnet"]}}, "Fallback of opus: sonnet, then local → sonnet.", id="a fallback"
        ),
        pytest.param(
            {"phrases": {"scope": {"end to end": 0.05}}},
            "Phrases scope: − 'roadmap'.",
            id="a phrase that is gone",
        ),
        pytest.param(
            {"phrases": {"scope": {"end to end": 0.5, "roadmap": 0.15}}},
            "Phrases scope: 'end to end' 0.05 → 0.5.",
            id="a weight",
        ),
        pytest.param({"lists_off": ["scope"]}, "List scope: on → off.", id="a list that is switched off"),
        pytest.param(
            {"phrases": BEFORE["phrases"] | {"new": {f"p{number}": 1.0 for number in range(10)}}},
            "Phrases new: + 'p0', 'p1', 'p2', 'p3', 'p4', 'p5', 'p6', 'p7' and 2 more.",
            id="a list",
        ),
    ],
)
def test_a_difference_is_one_sentence(change, sentence):
    assert changes(BEFORE, BEFORE | change) == [sentence]


def test_the_same_policy_has_no_differences():
    assert changes(BEFORE, dict(BEFORE)) == []


def test_the_first_policy_differs_from_nothing():
    assert changes(None, BEFORE) == ["This is the first policy."]


def test_what_a_sentence_leaves_out_is_said_by_the_whole_of_it():
    phrases = {"new": {f"p{number}": 1.0 for number in range(9)}, "scope": {"roadmap": 0.15}}

    new, scope = changes(BEFORE, BEFORE | {"phrases": phrases})

    assert new.endswith("'p7' and 1 more.")
    assert new.whole.endswith("'p7', 'p8'.")
    assert scope.whole == ""
