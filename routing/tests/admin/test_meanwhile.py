"""Two who edit at the same time: each sees what the other did, and nothing is lost."""

import re

import pytest

from routing.admin.meanwhile import ListedForm
from routing.models import ModelAlias, PhraseList, Threshold
from routing.tests.admin.forms import form_of, opus_threshold, row_of
from routing.tests.admin.pages import page, text

pytestmark = pytest.mark.usefixtures("bootstrapped")


def test_two_who_edit_a_row_at_once_are_warned_and_not_overwritten(admin_client, bob):
    address = page(Threshold, "change", opus_threshold().pk)
    mine, theirs = form_of(admin_client, address), form_of(bob, address)
    bob.post(address, theirs | {"value": "0.6"})

    refused = admin_client.post(address, mine | {"value": "0.9"})

    assert "bob changed this at" in text(refused)
    assert "(value: 0.5 → 0.6)" in text(refused)
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
