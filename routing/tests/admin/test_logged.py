import re

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from routing.admin.meanwhile import ListedForm
from routing.models import AdminChange, ModelAlias, ModelPrice, PhraseList, Switch, Threshold

pytestmark = pytest.mark.usefixtures("bootstrapped")
LOG = reverse("admin:routing_adminchange_changelist")


@pytest.fixture
def bob():
    client = Client()
    client.force_login(User.objects.create_superuser("bob"))
    return client


def page(model, name="changelist", *args):
    return reverse(f"admin:routing_{model._meta.model_name}_{name}", args=args)


def text(response):
    return response.content.decode()


def opus_threshold():
    return Threshold.objects.get(name="opus_score_threshold")


def form_of(client, address):
    """What the browser would send back of a page, unchanged."""
    found = re.findall(r"<input[^>]*>", text(client.get(address)))
    fields = [(re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag), tag) for tag in found]
    return {
        name[1]: value[1] if value else "on" * ('type="checkbox"' in tag)
        for name, value, tag in fields
        if name
        and not ('type="checkbox"' in tag and not re.search(r"\schecked[\s>]", tag))
        and not name[1].startswith("_")
    }


def row_of(form, row):
    """The place of a row in the form of its list."""
    return next(key.removesuffix("-id") for key, value in form.items() if key.endswith("-id") and value == str(row.pk))


def test_a_change_stays_on_record_with_before_and_after(admin_client, admin_user):
    row = opus_threshold()

    admin_client.post(page(Threshold, "change", row.pk), {"value": "0.75"})

    entry = AdminChange.objects.first()
    assert (entry.author, entry.action, entry.subject) == (admin_user.username, "changed", "threshold")
    assert (entry.name, entry.before, entry.after) == ("opus_score_threshold", {"value": 0.5}, {"value": 0.75})


def test_a_save_that_changes_nothing_is_not_on_record(admin_client):
    before = AdminChange.objects.count()

    admin_client.post(page(Threshold, "change", opus_threshold().pk), {"value": "0.5"})

    assert AdminChange.objects.count() == before


def test_adding_and_deleting_stay_on_record(admin_client):
    admin_client.post(page(ModelAlias, "add"), {"pattern": "fast", "target": "haiku"})
    row = ModelAlias.objects.get(pattern="fast")
    admin_client.post(page(ModelAlias, "delete", row.pk), {"post": "yes"})

    deleted, added = AdminChange.objects.filter(subject="model alias")
    assert (added.action, added.before, added.after) == ("added", {}, {"pattern": "fast", "target": "haiku"})
    assert (deleted.action, deleted.before, deleted.after) == ("deleted", {"pattern": "fast", "target": "haiku"}, {})


def test_several_deleted_at_once_stay_on_record_each(admin_client):
    rows = list(ModelAlias.objects.all()[:2])

    form = {"action": "delete_selected", "_selected_action": [row.pk for row in rows], "post": "yes"}
    admin_client.post(page(ModelAlias), form)

    names = set(AdminChange.objects.filter(action="deleted").values_list("name", flat=True))
    assert names == {str(row) for row in rows}


def test_pasted_phrases_stay_on_record_as_what_they_add(admin_client):
    row = PhraseList.objects.get(name="scope")
    form = form_of(admin_client, page(PhraseList, "change", row.pk)) | {"paste": "whole fleet | 0.25"}

    admin_client.post(page(PhraseList, "change", row.pk), form)

    entry = AdminChange.objects.first()
    assert (entry.name, entry.before, entry.after) == ("Wide scope", {}, {"whole fleet": 0.25})


def test_a_price_stays_on_record(admin_client):
    row = ModelPrice.objects.get(model="claude-opus-5-5")
    form = form_of(admin_client, page(ModelPrice, "change", row.pk)) | {"input_per_mtok": "3"}

    admin_client.post(page(ModelPrice, "change", row.pk), form)

    entry = AdminChange.objects.first()
    assert (entry.subject, entry.before["input_per_mtok"], entry.after["input_per_mtok"]) == (
        "model price",
        str(row.input_per_mtok),
        "3.000000",
    )


def test_two_who_edit_a_row_at_once_are_warned_and_not_overwritten(admin_client, bob):
    address = page(Threshold, "change", opus_threshold().pk)
    mine, theirs = form_of(admin_client, address), form_of(bob, address)
    bob.post(address, theirs | {"value": "0.6"})

    refused = admin_client.post(address, mine | {"value": "0.9"})

    assert "bob changed this at" in text(refused)
    assert "(value 0.5 → 0.6)" in text(refused)
    assert opus_threshold().value == 0.6


def test_who_was_warned_may_save_again(admin_client, bob):
    address = page(Threshold, "change", opus_threshold().pk)
    mine = form_of(admin_client, address)
    bob.post(address, {"value": "0.6"})
    warned = admin_client.post(address, mine | {"value": "0.9"})
    seen = re.search(r'name="seen_digest" value="(\w+)"', text(warned))[1]

    admin_client.post(address, mine | {"value": "0.9", "seen_digest": seen})

    assert opus_threshold().value == 0.9


def test_a_phrase_added_meanwhile_is_not_lost(admin_client, bob):
    row = PhraseList.objects.get(name="scope")
    address = page(PhraseList, "change", row.pk)
    mine, theirs = form_of(admin_client, address), form_of(bob, address)
    bob.post(address, theirs | {"paste": "whole fleet"})

    refused = admin_client.post(address, mine | {"paste": "every region"})

    assert "bob changed this at" in text(refused)
    assert set(row.phrases.filter(text__in=["whole fleet", "every region"]).values_list("text", flat=True)) == {
        "whole fleet"
    }


def test_a_list_saves_only_what_was_edited_in_it(admin_client, bob):
    mine = form_of(admin_client, page(Threshold))
    other = Threshold.objects.get(name="named_files")
    bob.post(page(Threshold, "change", other.pk), {"value": "8"})

    admin_client.post(page(Threshold), mine | {f"{row_of(mine, opus_threshold())}-value": "0.75", "_save": "Save"})

    assert opus_threshold().value == 0.75
    assert Threshold.objects.get(name="named_files").value == 8


def test_a_value_that_another_admin_moved_meanwhile_is_not_overwritten_from_the_list(admin_client, bob):
    mine = form_of(admin_client, page(Threshold))
    bob.post(page(Threshold, "change", opus_threshold().pk), {"value": "0.6"})
    edited = mine | {f"{row_of(mine, opus_threshold())}-value": "0.75", "_save": "Save"}

    refused = admin_client.post(page(Threshold), edited)

    assert "It is 0.6 now: save again to overwrite that." in text(refused)
    assert opus_threshold().value == 0.6


def test_two_who_save_a_list_at_the_same_time_see_each_other(admin_client, bob, monkeypatch):
    """Bob saves between the moment when the other's list was read and that when its row is locked."""
    mine = form_of(admin_client, page(Threshold))
    edited = mine | {f"{row_of(mine, opus_threshold())}-value": "0.75", "_save": "Save"}
    clean = ListedForm.clean

    def save_of_bob_first(form):
        monkeypatch.setattr(ListedForm, "clean", clean)
        bob.post(page(Threshold, "change", opus_threshold().pk), {"value": "0.6"})
        return clean(form)

    monkeypatch.setattr(ListedForm, "clean", save_of_bob_first)
    refused = admin_client.post(page(Threshold), edited)

    assert "It is 0.6 now: save again to overwrite that." in text(refused)
    assert opus_threshold().value == 0.6


def alias_that_bob_moved(bob):
    row = ModelAlias.objects.create(pattern="fast", target="haiku")
    return row, lambda: bob.post(page(ModelAlias, "change", row.pk), {"pattern": "fast", "target": "opus"})


def test_several_are_not_deleted_that_another_admin_changed_meanwhile(admin_client, bob):
    row, move = alias_that_bob_moved(bob)
    chosen = {"action": "delete_selected", "_selected_action": [row.pk]}
    form = form_of(admin_client, page(ModelAlias))
    move()

    refused = admin_client.post(page(ModelAlias), chosen | {"seen_change": form["seen_change"]}, follow=True)
    assert "fast → opus: bob changed this at" in text(refused)

    again = {**chosen, "seen_change": form_of(admin_client, page(ModelAlias))["seen_change"]}
    asked = text(admin_client.post(page(ModelAlias), again))
    confirmed = {**chosen, "post": "yes", "seen_change": re.search(r'name="seen_change" value="(\d+)"', asked)[1]}
    bob.post(page(ModelAlias, "change", row.pk), {"pattern": "fast", "target": "sonnet"})
    assert "Nothing was done" in text(admin_client.post(page(ModelAlias), confirmed, follow=True))
    assert ModelAlias.objects.filter(pk=row.pk).exists()


def test_a_row_is_not_deleted_that_another_admin_changed_meanwhile(admin_client, bob):
    row, move = alias_that_bob_moved(bob)
    address = page(ModelAlias, "delete", row.pk)
    form = form_of(admin_client, address)
    move()

    refused = admin_client.post(address, form, follow=True)

    assert "fast → opus: bob changed this at" in text(refused)
    admin_client.post(address, form_of(admin_client, address))
    assert not ModelAlias.objects.filter(pk=row.pk).exists()


def test_who_changed_it_meanwhile_is_named_though_one_changed_it_oneself_after_them(admin_client, bob):
    row, move = alias_that_bob_moved(bob)
    address = page(ModelAlias, "delete", row.pk)
    form = form_of(admin_client, address)
    move()
    admin_client.post(page(ModelAlias, "change", row.pk), {"pattern": "fast", "target": "sonnet"})

    refused = admin_client.post(address, form, follow=True)

    assert "fast → sonnet: bob changed this at" in text(refused)


def test_what_was_never_there_is_not_deleted_and_no_failure(admin_client):
    answer = admin_client.post(page(ModelAlias, "delete", "abc"), {"post": "yes"}, follow=True)

    assert "doesn’t exist. Perhaps it was deleted?" in text(answer)


def test_what_one_did_oneself_is_no_warning(admin_client):
    row = ModelAlias.objects.create(pattern="fast", target="haiku")
    address = page(ModelAlias, "delete", row.pk)
    form = form_of(admin_client, address)
    admin_client.post(page(ModelAlias, "change", row.pk), {"pattern": "fast", "target": "opus"})

    admin_client.post(address, form)

    assert not ModelAlias.objects.filter(pk=row.pk).exists()


def test_a_switch_that_is_on_is_switched_off_in_the_list(admin_client):
    row = Switch.objects.get(name="tier_words")
    form = form_of(admin_client, page(Switch))
    del form[f"{row_of(form, row)}-is_on"]

    admin_client.post(page(Switch), form | {"_save": "Save"})

    assert list(Switch.objects.filter(is_on=False).values_list("name", flat=True)) == [
        "fallback_local_if_unopposed",
        "tier_words",
    ]
    assert AdminChange.objects.filter(subject="switch").get().after == {"is_on": False}


def test_the_log_can_be_filtered_and_opened_and_nothing_else(admin_client, bob):
    admin_client.post(page(Threshold, "change", opus_threshold().pk), {"value": "0.75"})
    bob.post(page(ModelAlias, "add"), {"pattern": "fast", "target": "haiku"})
    entry = AdminChange.objects.get(author="bob")

    filtered = text(admin_client.get(LOG, {"author": "bob"}))

    assert "fast → haiku" in filtered
    assert "value: 0.5 → 0.75" not in filtered
    assert "pattern: nothing → fast" in text(admin_client.get(page(AdminChange, "change", entry.pk)))
    assert admin_client.post(page(AdminChange, "change", entry.pk), {"author": "ada"}).status_code == 403
    assert admin_client.post(page(AdminChange, "delete", entry.pk), {"post": "yes"}).status_code == 403
    assert admin_client.get(page(AdminChange, "add")).status_code == 403


def test_who_may_not_look_at_the_log_does_not(client):
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_threshold"))
    client.force_login(clerk)

    assert client.get(LOG).status_code == 403
