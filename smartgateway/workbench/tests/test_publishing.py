import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from routing import policies
from routing.models import ModelAlias, PolicyVersion, Threshold, TierModel

pytestmark = pytest.mark.usefixtures("first")
PUBLISH = reverse("workbench:publish")


def text(response):
    return response.content.decode()


def publish(client, seen, note="Fewer opus"):
    return client.post(PUBLISH, {"note": note, "seen_digest": seen()}, follow=True)


def roll_back(client, number, newest):
    return client.post(reverse("workbench:roll_back", args=[number]), {"newest": newest}, follow=True)


def test_publishing_shows_the_changes_and_asks_for_a_note(admin_client, change, seen):
    change()

    shown, refused = text(admin_client.get(PUBLISH)), text(publish(admin_client, seen, note=""))

    assert "What changes against version 1" in shown
    assert "Threshold opus_score_threshold: 0.5 → 0.75." in shown
    assert "This field is required." in refused
    assert PolicyVersion.objects.count() == 1


def test_publishing_freezes_the_draft_with_note_and_author(admin_client, admin_user, change, seen):
    change()

    answer = publish(admin_client, seen)

    version = PolicyVersion.objects.newest()
    assert (version.number, version.note, version.author) == (2, "Fewer opus", admin_user.username)
    assert "Version 2 is published" in text(answer)


def test_a_draft_that_changes_nothing_offers_no_button(admin_client, seen):
    assert "<button>Publish" not in text(admin_client.get(PUBLISH))
    assert "there is nothing to publish" in text(publish(admin_client, seen))
    assert PolicyVersion.objects.count() == 1


def test_what_is_wrong_with_the_draft_is_shown_with_the_way_to_its_page(admin_client, seen):
    TierModel.objects.filter(slot="opus").delete()

    answer = publish(admin_client, seen)

    assert "model opus" in text(answer)
    assert reverse("admin:routing_tiermodel_changelist") in text(answer)
    assert PolicyVersion.objects.count() == 1


@pytest.mark.parametrize(
    ("break_draft", "place"),
    [
        (lambda: ModelAlias.objects.create(pattern="fast", target="no-such-model"), "alias fast"),
        (lambda: Threshold.objects.filter(name="named_files").delete(), "threshold named_files"),
    ],
)
def test_a_broken_or_half_saved_draft_is_never_served(admin_client, change, seen, break_draft, place):
    policies.forget()
    policies.current()
    change()
    break_draft()

    answer = publish(admin_client, seen)
    policies.refresh()

    assert place in text(answer)
    assert policies.current().version == 1
    policies.forget()


def test_what_another_admin_changed_meanwhile_is_not_published_unseen(admin_client, change, seen):
    change(0.75)
    looked_at = seen()
    change(0.9)

    answer = publish(admin_client, lambda: looked_at)

    assert "changed while you looked" in text(answer)
    assert "0.5 → 0.9" in text(answer)
    assert PolicyVersion.objects.count() == 1


def test_rolling_back_takes_one_click_and_fills_the_note(admin_client, admin_user, change, first):
    change()
    policies.publish("Fewer opus")

    answer = roll_back(admin_client, 1, newest=2)

    version = PolicyVersion.objects.newest()
    assert (version.number, version.note, version.author) == (3, "Back to version 1.", admin_user.username)
    assert version.digest == first.digest
    assert "Version 3 says what version 1 said" in text(answer)


def test_rolling_back_tells_of_a_draft_that_would_change_it_again(admin_client, change):
    change(0.75)
    policies.publish("Fewer opus")
    change(0.9)

    assert "The draft stays as it was" in text(roll_back(admin_client, 1, newest=2))


def test_who_did_not_see_the_newest_version_does_not_roll_back(admin_client, change):
    change(0.75)
    policies.publish("Fewer opus")
    change(0.9)
    policies.publish("Even fewer")

    answer = roll_back(admin_client, 1, newest=2)

    assert "Version 3 was published meanwhile" in text(answer)
    assert PolicyVersion.objects.count() == 3


def test_rolling_back_to_the_same_is_refused_in_words(admin_client):
    assert "there is nothing to publish" in text(roll_back(admin_client, 1, newest=1))


@pytest.fixture
def editor():
    return User.objects.create_user("editor", is_staff=True)


def test_who_may_edit_the_draft_may_not_therefore_publish_it(client, editor, change, seen):
    editor.user_permissions.set(Permission.objects.filter(codename__in=["change_threshold", "view_policyversion"]))
    client.force_login(editor)
    change()

    assert client.get(PUBLISH).status_code == 403
    assert publish(client, seen).status_code == 403
    assert roll_back(client, 1, newest=1).status_code == 403
    assert PolicyVersion.objects.count() == 1


def test_who_was_given_the_permission_may_publish(client, editor, change, seen):
    editor.user_permissions.add(Permission.objects.get(codename="add_policyversion"))
    client.force_login(editor)
    change()

    publish(client, seen)

    assert PolicyVersion.objects.newest().author == "editor"
