import json
import uuid

import msgspec
import pytest

from audit.models import PromptText
from routing.engine.content import matched_phrases, policy_from
from routing.engine.types import Tier, Verdict
from routing.phrases import compile_matcher
from routing.tests.engine.given import MODELS, defaults, measured, policy, shipped, surroundings
from smartgateway.dashboard.tests.rows import decision
from smartgateway.workbench.playground.pasted import MOST_CHARS, UnreadableError, read

AROUND = (7, 7, 7, (16_384, False, True, False), None, False)
SAID = "what is a monad"
USER = {"role": "user", "content": SAID}


def made_from(text, **fields):
    packed = msgspec.msgpack.encode((measured(text).pack(), AROUND))
    return decision(id=uuid.uuid4(), features=packed, **fields)


def keep_text(of, text):
    PromptText.objects.create(
        decision_id=of.pk, recorded_at=of.created_at, team_id=1, chars=len(text), is_newest=True, head=text
    )


@pytest.mark.parametrize(
    "text",
    [
        SAID,
        f"  {SAID}\n",
        json.dumps({"messages": [USER]}),
        json.dumps([USER]),
        json.dumps({"prompt": SAID}),
        json.dumps({"input": SAID}),
        json.dumps({"max_tokens": 9, "messages": [{"role": "user", "content": [{"type": "text", "text": SAID}]}]}),
    ],
    ids=["text", "text with space", "chat", "messages alone", "completion", "responses", "anthropic"],
)
def test_a_request_is_read_in_whatever_shape_it_comes(text):
    assert read(text).features(shipped()).hits == measured(SAID).hits


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Paste a request"),
        (" \n", "Paste a request"),
        ("{", "not valid JSON"),
        ("[" * 5_000, "not valid JSON"),
        ("{}", "'messages'"),
        ("[]", "'messages' is empty"),
        ('{"messages": [{"role": "wizard"}]}', "'messages[0].role'"),
        ('{"messages": "hello"}', "'messages'"),
        ('{"provider": "acme", "messages": [{"role": "user", "content": "x"}]}', "provider is 'acme'"),
        ("x" * (MOST_CHARS + 1), "at most 2,000,000"),
    ],
    ids=range(10),
)
def test_what_cannot_be_read_is_said_with_the_reason(text, reason):
    with pytest.raises(UnreadableError, match=reason.replace("[", r"\[").replace("(", r"\(")):
        read(text)


@pytest.mark.django_db
@pytest.mark.parametrize("features", [b"", b"not packed"])
def test_a_decision_that_is_not_there_or_holds_nothing_is_said_so(features):
    with pytest.raises(UnreadableError, match="no decision"):
        read(str(uuid.uuid4()))
    with pytest.raises(UnreadableError, match="not kept"):
        read(str(decision(id=uuid.uuid4(), features=features).pk))


@pytest.mark.django_db
def test_a_decision_is_read_as_it_was_made():
    made = made_from(SAID, classifier_state="hit", classifier_tier="opus", requested_model="opus")

    pasted = read(str(made.pk))

    assert pasted.features(shipped()) == measured(SAID)
    assert pasted.verdict == Verdict(Tier.OPUS)
    assert pasted.request().requested_model == ""
    assert pasted.body is None


@pytest.mark.django_db
def test_where_the_text_is_kept_phrases_of_another_policy_are_found_in_it(monkeypatch):
    monkeypatch.setattr("routing.policies.published", lambda number: shipped())
    made = made_from("our importer is slow")
    keep_text(made, "our importer is slow")
    content = {**defaults(), "phrases": {**defaults()["phrases"], "multi_file": {"importer": 1.0}}}
    matcher = compile_matcher(matched_phrases(content))
    other = policy_from(content, version=2, match=matcher, digest="another")

    pasted = read(str(made.pk))

    assert "multi_file" not in measured("our importer is slow").hits
    assert "multi_file" in pasted.features(other).hits


@pytest.mark.django_db
def test_without_its_text_a_decision_is_read_without_the_phrases_that_another_policy_lacks(monkeypatch):
    monkeypatch.setattr("routing.policies.published", lambda number: shipped())
    content = {**defaults(), "lists_off": ["simple_task"]}
    other = policy_from(content, version=2, match=compile_matcher(matched_phrases(content)), digest="another")

    features = read(str(made_from("Translate: a security audit").pk)).features(other)

    assert set(features.hits) >= {"deep_reasoning"}
    assert not features.has_material


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "around", "name"),
    [
        ({"provider_name": "local", "model": "qwen3:8b"}, surroundings(), "qwen3:8b"),
        ({"provider_name": "anthropic", "model": "claude-opus-5-5"}, surroundings(), MODELS["local"]),
        ({"provider_name": "anthropic", "model": "claude-opus-5-5"}, surroundings(local=None), "wanted"),
    ],
    ids=["that answered then", "that is there now", "that the policy wants"],
)
def test_the_local_model_of_a_decision_has_its_name(monkeypatch, fields, around, name):
    monkeypatch.setattr("routing.policies.current", lambda: policy(models={**MODELS, "local": "wanted"}))

    assert read(str(made_from(SAID, **fields).pk)).surroundings(around).local.name == name


@pytest.mark.django_db
def test_a_decision_that_knew_no_local_model_has_none():
    packed = msgspec.msgpack.encode((measured(SAID).pack(), (6, 6, 7, None, None, False)))
    made = decision(id=uuid.uuid4(), features=packed)

    assert read(str(made.pk)).surroundings(surroundings()).local is None
