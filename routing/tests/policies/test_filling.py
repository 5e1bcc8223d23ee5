import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models.deletion import ProtectedError

from routing import policies
from routing.models import AdminChange, FallbackStep, ModelAlias, PhraseList, PolicyVersion, Switch, Threshold
from routing.policies import NothingToPublishError

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def first():
    return policies.load_defaults()


def change(value=0.75, name="opus_score_threshold"):
    Threshold.objects.filter(name=name).update(value=value)


def edit_everything():
    change()
    Switch.objects.filter(name="tier_words").update(is_on=False)
    PhraseList.objects.get(name="scope").fill({"whole fleet": 0.25})
    ModelAlias.objects.create(pattern="fast", target="haiku")
    FallbackStep.objects.filter(from_tier="opus").delete()
    PhraseList.objects.filter(name="greeting").update(is_on=False)


def test_the_draft_goes_back_to_any_version(first):
    edit_everything()

    policies.replace_draft(first.content, "reset", author="ada", name="version 1")

    assert policies.draft_content() == first.content


def test_what_replacing_the_draft_did_stays_on_record(first):
    change()
    PhraseList.objects.get(name="scope").fill({"whole fleet": 0.25})

    policies.replace_draft(first.content, "reset", author="ada", name="version 1")

    entry = AdminChange.objects.get(action="reset")
    assert (entry.author, entry.name) == ("ada", "version 1")
    assert entry.before == {"threshold opus_score_threshold": 0.75, "scope: whole fleet": 0.25}
    assert entry.after == {"threshold opus_score_threshold": 0.5}


def test_a_draft_that_moved_since_it_was_looked_at_is_not_replaced(first):
    seen = policies.digest_of(policies.draft_content())
    change()

    with pytest.raises(ValidationError, match="changed while you looked"):
        policies.replace_draft(first.content, "reset", author="ada", seen_digest=seen)

    assert Threshold.objects.get(name="opus_score_threshold").value == 0.75


def test_an_older_releases_content_is_fitted_to_this_releases_rows(first):
    older = {**first.content, "thresholds": {**first.content["thresholds"], "opus_score_threshold": 0.01, "gone": 5.0}}
    del older["thresholds"]["named_files"]

    policies.replace_draft(older, "reset", author="ada")

    thresholds = policies.draft_content()["thresholds"]
    assert (thresholds["opus_score_threshold"], thresholds["named_files"]) == (0.05, 5.0)
    assert "gone" not in thresholds


def test_rolling_back_publishes_the_old_content_under_a_new_number(first):
    edit_everything()
    policies.publish("Everything at once")

    version = policies.roll_back(1, author="ada")

    assert (version.number, version.author, version.note) == (3, "ada", "Back to version 1.")
    assert (version.content, version.digest) == (first.content, first.digest)
    assert policies.draft_changes() == []


def test_rolling_back_leaves_a_draft_in_which_something_waits():
    change(0.75)
    policies.publish("Fewer opus")
    change(0.9)

    policies.roll_back(1, "It was wrong")

    assert Threshold.objects.get(name="opus_score_threshold").value == 0.9
    assert policies.draft_changes() == ["Threshold opus_score_threshold: 0.5 → 0.9."]


def test_rolling_back_to_what_is_in_force_is_refused():
    with pytest.raises(NothingToPublishError, match="equals version 1"):
        policies.roll_back(1)


def test_a_version_that_no_process_could_load_is_not_rolled_back_to(first):
    broken = first.content | {"aliases": None}
    PolicyVersion.objects.create(number=2, content=broken, digest=policies.digest_of(broken), note="broken")
    change()
    policies.publish("Good again")

    with pytest.raises(ValidationError, match="could load"):
        policies.roll_back(2)

    assert PolicyVersion.objects.newest().number == 3


def test_an_older_version_is_completed_by_what_the_release_ships(first):
    content = {**first.content, "switches": {"allow_auto_opus": False}}
    older = PolicyVersion(number=7, content=content, digest=policies.digest_of(content))

    policy = policies.frozen(older)

    assert policy.switches["allow_auto_opus"] is False
    assert policy.switches["fallback_local_if_simple"] is True


def test_publishing_and_rolling_back_stay_on_record():
    change()
    policies.publish("Fewer opus", author="ada")
    policies.roll_back(1, author="bob")

    back, forth = AdminChange.objects.filter(author__in=["ada", "bob"])
    assert (forth.action, forth.note, back.action) == ("published", "Fewer opus", "rolled_back")
    assert forth.before == {"version": 1, "threshold opus_score_threshold": 0.5}
    assert back.after == {"version": 3, "threshold opus_score_threshold": 0.5}


def test_what_was_done_is_neither_changed_nor_deleted():
    entry = AdminChange.objects.note("added", "team", author="ada")

    with pytest.raises(IntegrityError), transaction.atomic():
        AdminChange.objects.filter(pk=entry.pk).update(author="bob")
    with pytest.raises(ProtectedError):
        entry.delete()
    with pytest.raises(ProtectedError):
        AdminChange.objects.all().delete()
