import asyncio

import pytest
from django.db import DatabaseError

from routing import policies
from routing.models import PolicyVersion, Threshold
from routing.policies import PolicyMissingError, snapshot

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _empty_memory():
    policies.forget()
    yield
    policies.forget()


def publish_change(value=0.75):
    Threshold.objects.filter(name="opus_score_threshold").update(value=value)
    return policies.publish(f"{value}")


def publish_broken(content=None, digest=None):
    content = {"mode": "local_first"} if content is None else content
    newest = PolicyVersion.objects.newest()
    number = newest.number + 1 if newest else 1
    return PolicyVersion.objects.create(
        number=number, content=content, digest=digest or policies.digest_of(content), note="broken"
    )


def test_without_a_published_policy_there_is_none():
    with pytest.raises(PolicyMissingError, match="bootstrap"):
        policies.current()

    assert not policies.is_loaded()
    assert "bootstrap" in policies.trouble()


def test_the_published_policy_is_loaded_on_first_use():
    published = policies.load_defaults()

    policy = policies.current()

    assert (policy.version, policy.digest) == (1, published.digest)
    assert policy.models["opus"] == "claude-opus-5-5"
    assert policies.is_loaded()
    assert policies.trouble() == ""


def test_the_draft_decides_nothing():
    policies.load_defaults()
    Threshold.objects.filter(name="opus_score_threshold").update(value=0.9)

    assert policies.current().thresholds["opus_score_threshold"] == 0.5


def test_a_new_version_is_noticed_and_an_old_one_costs_one_query(django_assert_num_queries):
    policies.load_defaults()
    policies.current()
    with django_assert_num_queries(1):
        assert not policies.refresh()
    publish_change(0.75)

    assert policies.refresh()

    assert policies.current().version == 2
    assert policies.current().thresholds["opus_score_threshold"] == 0.75


def test_at_the_start_a_variable_that_differs_is_named_with_both_values(settings, caplog):
    policies.load_defaults()
    settings.SET_POLICY_VARIABLES = frozenset({"OPUS_MODEL"})
    settings.OPUS_MODEL = "claude-opus-5"

    policies.current()
    publish_change()
    policies.refresh()

    [warning] = caplog.messages
    assert all(text in warning for text in ("OPUS_MODEL", "'claude-opus-5'", "'claude-opus-5-5'"))


def test_a_policy_in_use_does_not_change_under_a_request():
    policies.load_defaults()
    in_use = policies.current()
    publish_change(0.75)

    policies.refresh()

    assert in_use.thresholds["opus_score_threshold"] == 0.5


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        pytest.param({}, "cannot be read", id="a content that this release cannot read"),
        pytest.param({"digest": "0" * 64}, "its digest differs", id="a content that was altered"),
    ],
)
def test_a_broken_version_leaves_the_last_good_one_in_force(broken, reason, django_assert_num_queries):
    policies.load_defaults()
    policies.current()
    publish_broken(**broken)

    assert not policies.refresh()

    assert policies.current().version == 1
    assert reason in policies.trouble()
    with django_assert_num_queries(1):
        assert not policies.refresh()
    assert reason in policies.trouble()


def test_a_good_version_after_a_broken_one_ends_the_trouble():
    policies.load_defaults()
    policies.current()
    publish_broken()
    policies.refresh()

    publish_change()

    assert policies.refresh()
    assert (policies.current().version, policies.trouble()) == (3, "")


def test_a_process_that_starts_with_a_broken_version_goes_back_to_the_last_good_one():
    policies.load_defaults()
    publish_broken()

    assert policies.current().version == 1
    assert "policy 2 cannot be read" in policies.trouble()


def test_while_the_database_is_away_the_policy_in_memory_stays(monkeypatch):
    policies.load_defaults()
    policies.current()

    def away(*args):
        raise DatabaseError("away")

    monkeypatch.setattr(snapshot.PolicyVersion.objects, "order_by", away)

    assert not policies.refresh()
    assert policies.current().version == 1
    assert policies.trouble() == "the published policy could not be read: away"


async def test_in_the_event_loop_nothing_is_read():
    with pytest.raises(PolicyMissingError, match="before the first request"):
        policies.current()

    await asyncio.sleep(0)
