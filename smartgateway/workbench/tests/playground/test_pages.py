import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from routing import connections
from routing.models import Phrase, PhraseList, Threshold
from routing.providers.base import ProviderUnavailableError
from smartgateway.keys.models import ApiKey, Membership, Team
from smartgateway.workbench.playground.sending import keys_of
from smartgateway.workbench.tests.playground.test_pasted import made_from

pytestmark = pytest.mark.django_db
ADDRESS = reverse("workbench:playground")
PROOF = "prove the theorem"


def text(response):
    return " ".join(response.content.decode().split())


def decided(client, said, **more):
    return client.post(ADDRESS, {"request": said, **more})


def tiers(response):
    return [side.tier for side in response.context["sides"]]


@pytest.fixture
def key():
    team = Team.objects.create(name="Payments", slug="payments")
    return ApiKey.objects.create(team=team, name="laptop", digest=b"1" * 32)


def test_both_policies_decide_and_nobody_is_called(operated, world):
    Threshold.objects.filter(name="opus_score_threshold").update(value=0.9)

    response = decided(operated, PROOF)

    assert tiers(response) == ["opus", "sonnet"]
    page = text(response)
    assert "The draft would decide otherwise." in page
    assert "had the threshold “opus score threshold” been 0.501 instead of 0.5" in page
    assert world.log == []


def test_the_local_model_that_answered_a_decision_is_named(operated):
    made = made_from("what is a monad", provider_name="local", model="qwen3:8b")

    response = decided(operated, str(made.pk))

    assert [side.model for side in response.context["sides"]] == ["qwen3:8b", "qwen3:8b"]


def test_a_phrase_that_is_new_in_the_draft_is_found(operated):
    Phrase.objects.create(phrase_list=PhraseList.objects.get(name="self_contained"), text="our importer")

    assert tiers(decided(operated, "our importer is slow")) == ["sonnet", "local"]


def test_what_is_asked_for_by_name_says_whose_are_the_changes_that_would_lead_elsewhere(operated):
    auto = "Left to <code>auto</code>, it would have gone to the team&#x27;s own model:</p> <ul"

    assert auto in text(decided(operated, "@opus what is a monad"))
    assert "Left to <code>auto</code>" not in text(decided(operated, "what is a monad"))


def test_a_draft_like_the_published_policy_decides_the_same(operated):
    assert "The draft would decide the same." in text(decided(operated, PROOF))


def test_a_draft_that_could_not_be_published_is_shown_with_the_reason(operated):
    listed = PhraseList.objects.get(name="self_contained")
    Phrase.objects.create(
        phrase_list=listed, text=listed.phrases.model.objects.filter(phrase_list__name="context_word").first().text
    )

    page = text(decided(operated, PROOF))

    assert "It could not be published as it is." in page
    assert "Published policy, version 1" in page


def test_what_is_asked_for_by_name_is_honoured_and_what_is_not_there_is_said(operated):
    named = decided(operated, '{"model": "sonnet", "messages": [{"role": "user", "content": "hello"}]}')
    haiku = decided(operated, '{"model": "haiku", "messages": [{"role": "user", "content": "hello"}]}')
    unknown = decided(operated, '{"model": "gtp-5", "messages": [{"role": "user", "content": "hello"}]}')

    assert tiers(named) == ["sonnet", "sonnet"]
    assert tiers(haiku) == ["haiku", "haiku"]
    assert "It goes to Claude Haiku, because" in haiku.context["sides"][0].sentence
    assert "gtp-5" in unknown.context["sides"][0].problem


@pytest.mark.parametrize("said", ["", "{", '{"messages": []}'], ids=["nothing", "half", "empty"])
def test_bad_input_is_refused_beside_the_field(operated, said):
    response = decided(operated, said)

    assert response.context["form"].errors["request"]
    assert response.context["sides"] == []


def test_a_request_is_sent_to_the_chosen_tiers_recorded_and_shown_with_what_it_took(operated, world, key):
    response = decided(operated, "hello", send="1", key=key.pk, tiers=["local", "opus"], answer_tokens=64)

    replies = response.context["replies"]
    assert [(reply.tier, reply.text, reply.output_tokens) for reply in replies] == [
        ("local", "Hello", 5),
        ("opus", "Hello", 5),
    ]
    assert [call.body["max_tokens"] for call in (*world.local.calls, *world.anthropic.calls)] == [64, 64]
    kept = world.record.decisions
    assert {(each.face, each.phase, each.key_name, tuple(each.tags)) for each in kept} == {
        ("playground", "explicit", "laptop", ("playground",))
    }
    assert str(replies[0].decision_id) in text(response)


def test_a_tier_that_fails_stands_beside_one_that_answers(operated, world, key):
    world.anthropic.failures = [ProviderUnavailableError("down", kind="unavailable")] * 9

    replies = decided(operated, "hello", send="1", key=key.pk, tiers=["local", "opus"]).context["replies"]

    assert (replies[0].text, bool(replies[1].problem)) == ("Hello", True)


@pytest.mark.parametrize(
    ("chosen", "field"),
    [({"tiers": ["local"]}, "key"), ({"key": "7", "tiers": ["local"]}, "key"), ({"tiers": []}, "tiers")],
    ids=["no key", "not theirs", "no tier"],
)
def test_nothing_is_sent_before_key_and_tiers_are_chosen(operated, world, key, chosen, field):
    response = decided(operated, "hello", send="1", **{**({"key": key.pk} if field == "tiers" else {}), **chosen})

    assert field in response.context["form"].errors
    assert world.log == []


@pytest.mark.parametrize("send", [{}, {"send": "1"}], ids=["decide", "send"])
def test_a_longest_answer_out_of_bounds_is_refused_beside_its_field_and_what_was_decided_stays(
    operated, world, key, send
):
    response = decided(operated, "hello", key=key.pk, tiers=["local"], answer_tokens=9_999, **send)

    page = text(response)
    assert "Ensure this value is less than or equal to 4096." in page
    assert 'name="answer_tokens" min="1" max="4096" value="9999"' in page
    assert "Published policy, version 1" in page
    assert 'value="local" checked' in page
    assert world.log == []


LIMITED = '{"max_tokens": 100, "messages": [{"role": "user", "content": "hello"}]}'


@pytest.mark.parametrize(
    ("said", "fields", "tokens"),
    [
        ("hello", {}, 512),
        (LIMITED, {}, 100),
        (LIMITED.replace("max_tokens", "max_completion_tokens"), {}, 100),
        (LIMITED.replace("100", "100000"), {}, 4_096),
        (LIMITED, {"offered": "512", "answer_tokens": "512"}, 100),
        (LIMITED, {"offered": "512", "answer_tokens": "64"}, 64),
        ("hello", {"offered": "512", "answer_tokens": "64"}, 64),
    ],
    ids=["none", "its own", "its own by another name", "too much", "not touched", "typed", "typed without its own"],
)
def test_the_longest_answer_is_what_was_typed_or_else_what_the_request_asks_for(operated, said, fields, tokens):
    response = decided(operated, said, **fields)

    assert response.context["answer_tokens"] == tokens
    assert f'max="4096" value="{tokens}"' in text(response)


def test_a_request_is_priced_by_the_answer_that_it_asks_for(operated):
    long, short = (
        decided(operated, said).context["prices"][-1].most for said in (LIMITED.replace("100", "512"), LIMITED)
    )

    assert short < long


def test_the_price_is_said_beforehand_for_each_tier_that_is_there(operated, monkeypatch, world):
    world.providers.pop("anthropic")

    assert [price.tier for price in decided(operated, "hello").context["prices"]] == ["local"]


def test_the_local_price_names_the_model_that_serves_in_place_of_the_wanted_one(operated, monkeypatch):
    monkeypatch.setattr(connections, "served_local_model", lambda wanted: "demo/smollm2-135m")

    response = decided(operated, "hello")

    assert response.context["prices"][0].model == "demo/smollm2-135m"
    assert "demo/smollm2-135m" in text(response)


def test_an_admin_without_every_right_asks_with_keys_of_their_own_and_of_their_teams(key):
    user, other = User.objects.create_user("ada"), Team.objects.create(name="Mobile", slug="mobile")
    own = ApiKey.objects.create(team=other, name="own", digest=b"2" * 32, owner=user)
    ApiKey.objects.create(team=other, name="theirs", digest=b"3" * 32)
    revoked = ApiKey.objects.create(team=key.team, name="old", digest=b"4" * 32, is_active=False)
    Membership.objects.create(user=user, team=key.team, role="admin")

    found = keys_of(user)

    assert {each.pk for each in found} == {key.pk, own.pk}
    assert revoked not in found


def test_only_an_admin_plays(client):
    client.force_login(User.objects.create_user("ada"))

    assert client.get(ADDRESS).status_code == 403
    assert client.post(ADDRESS, {"request": "hello"}).status_code == 403


def test_a_decision_leads_here(operated):
    response = operated.get(ADDRESS, {"decision": "01a20870-80e4-755f-abe2-22d32eb5a900"})

    assert response.context["form"].errors["request"] == ["There is no decision of that id."]
