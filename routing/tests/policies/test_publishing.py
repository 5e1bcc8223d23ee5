from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from routing.models import (
    ModelAlias,
    Phrase,
    PhraseList,
    PolicyVersion,
    RoutingSettings,
    Threshold,
    TierModel,
)
from routing.policies import NothingToPublishError, digest_of, draft_changes, draft_content, load_defaults, publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def _first_policy():
    load_defaults()


def change_threshold(name="opus_score_threshold", value=0.75):
    Threshold.objects.filter(name=name).update(value=value)


@pytest.mark.usefixtures("_first_policy")
def test_publishing_freezes_the_draft_under_the_next_number():
    change_threshold()

    version = publish("Fewer opus", author="ada")

    assert (version.number, version.note, version.author) == (2, "Fewer opus", "ada")
    assert version.content["thresholds"]["opus_score_threshold"] == 0.75
    assert version.digest == digest_of(PolicyVersion.objects.get(number=2).content)


@pytest.mark.usefixtures("_first_policy")
def test_a_note_must_say_what_changed():
    change_threshold()

    with pytest.raises(ValidationError) as refused:
        publish("  ")

    assert "note" in refused.value.message_dict


@pytest.mark.usefixtures("_first_policy")
def test_a_draft_that_changes_nothing_is_not_published():
    with pytest.raises(NothingToPublishError, match="equals version 1"):
        publish("Nothing")

    assert PolicyVersion.objects.count() == 1


@pytest.mark.usefixtures("_first_policy")
def test_a_draft_that_moved_since_it_was_looked_at_is_not_published():
    change_threshold(value=0.75)
    seen = digest_of(draft_content())
    change_threshold(value=0.9)

    with pytest.raises(ValidationError, match="changed while you looked"):
        publish("Fewer opus", seen_digest=seen)


@pytest.mark.usefixtures("_first_policy")
def test_the_changes_are_told_in_words():
    change_threshold()
    RoutingSettings.objects.update(mode="keyword")
    ModelAlias.objects.create(pattern="fast", target="haiku")
    PhraseList.objects.get(name="deep_reasoning").fill({"zero knowledge": 1.0})

    assert draft_changes() == [
        "Mode: local_first → keyword.",
        "Threshold opus_score_threshold: 0.5 → 0.75.",
        "Alias fast: haiku (new).",
        "Phrases deep_reasoning: + 'zero knowledge'.",
    ]


@pytest.mark.usefixtures("_first_policy")
@pytest.mark.parametrize(
    ("break_draft", "place", "message"),
    [
        pytest.param(
            lambda: TierModel.objects.filter(slot="opus").delete(),
            "model opus",
            "Name the model",
            id="an empty slot",
        ),
        pytest.param(
            lambda: ModelAlias.objects.create(pattern="fast", target="no-such-model"),
            "alias fast",
            "no known model",
            id="an unknown target",
        ),
        pytest.param(
            lambda: ModelAlias.objects.create(pattern="sonnet", target="haiku"),
            "alias sonnet",
            "a meaning of its own",
            id="a name with a meaning",
        ),
        pytest.param(
            lambda: ModelAlias.objects.create(pattern="GPT-*", target="auto"),
            "alias GPT-*",
            "other letters",
            id="a name in other letters",
        ),
        pytest.param(
            lambda: (
                ModelAlias.objects.create(pattern="fast", target="quick"),
                ModelAlias.objects.create(pattern="quick", target="haiku"),
            ),
            "alias fast",
            "name 'haiku' itself",
            id="an alias of an alias",
        ),
        pytest.param(
            lambda: (
                ModelAlias.objects.create(pattern="fast", target="quick-1"),
                ModelAlias.objects.create(pattern="quick-*", target="fast"),
            ),
            "alias fast",
            "circle: quick-1 → fast → quick-1",
            id="a circle",
        ),
        pytest.param(
            lambda: PhraseList.objects.get(name="simple_task").fill({"Threat Model*": 1.0}),
            "phrases simple_task",
            "also in Deep reasoning",
            id="a phrase in lists that contradict each other",
        ),
        pytest.param(
            lambda: PhraseList.objects.get(name="simple_task").fill({"ＴＨＲＥＡＴ  model": 1.0}),
            "phrases simple_task",
            "also in Deep reasoning as 'threat model*'",
            id="a phrase that is found where a prefix of the opposite is",
        ),
        pytest.param(
            lambda: Phrase.objects.create(phrase_list=PhraseList.objects.get(name="scope"), text="ＲＯＡＤＭＡＰ"),
            "phrases scope",
            "finds the same as",
            id="a phrase twice, in other widths",
        ),
        pytest.param(
            lambda: PhraseList.objects.get(name="scope").fill({"\u200b": 1.0}),
            "phrases scope",
            "holds nothing that could be found",
            id="a phrase that shows as nothing",
        ),
        pytest.param(
            lambda: PhraseList.objects.get(name="harness").fill({"<note>": 1.0}),
            "phrases harness",
            "is no tag's name",
            id="a tag with its brackets",
        ),
        pytest.param(
            lambda: PhraseList.objects.get(name="greeting").fill({"Threat Model*": 1.0}),
            "phrases greeting",
            "also in Deep reasoning",
            id="a greeting that is hard",
        ),
        pytest.param(
            lambda: PhraseList.objects.get(name="agent_protocol").fill({"Explain": 1.0}),
            "phrases simple_task",
            "also in Agents' own protocols",
            id="a simple task that is an agent's protocol",
        ),
        pytest.param(
            lambda: PhraseList.objects.get(name="investigation").fill({"Explain": 1.0}),
            "phrases simple_task",
            "also in Words of an investigation",
            id="a simple task that is an investigation",
        ),
    ],
)
def test_what_is_wrong_is_named_by_its_place(break_draft, place, message):
    break_draft()

    with pytest.raises(ValidationError) as refused:
        publish("Broken")

    assert message in refused.value.message_dict[place][0]
    assert PolicyVersion.objects.count() == 1


@pytest.mark.usefixtures("_first_policy")
def test_a_value_out_of_bounds_is_named(monkeypatch):
    row = Threshold.objects.get(name="opus_score_threshold")
    row.value = 7.0
    monkeypatch.setattr(Threshold.objects, "all", lambda: [row])
    monkeypatch.setattr("routing.policies.publishing.draft_content", lambda: tampered(draft_content()))

    with pytest.raises(ValidationError) as refused:
        publish("Too much")

    assert refused.value.message_dict == {
        "threshold opus_score_threshold": ["7 lies outside 0.05 to 1 score from 0 to 1"]
    }


def tampered(content):
    content["thresholds"]["opus_score_threshold"] = 7.0
    return content


@pytest.mark.django_db(transaction=True)
def test_two_who_publish_at_once_get_two_numbers_or_are_told():
    load_defaults()
    start = Barrier(2)

    def admin(name, value):
        try:
            change_threshold(name, value)
            start.wait(10)
            return publish(f"By {name}").number
        except NothingToPublishError:
            return "already published"
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as admins:
        results = list(admins.map(admin, ["opus_score_threshold", "local_context_char_limit"], [0.75, 20_000.0]))

    numbers = list(PolicyVersion.objects.order_by("number").values_list("number", flat=True))
    assert sorted(results, key=str) in ([2, "already published"], [2, 3])
    assert numbers == list(range(1, len(numbers) + 1))
    newest = PolicyVersion.objects.newest().content["thresholds"]
    assert (newest["opus_score_threshold"], newest["local_context_char_limit"]) == (0.75, 20_000.0)
