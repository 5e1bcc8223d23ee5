"""Who changed what, with before and after."""

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from routing.models import AdminChange, ModelAlias, ModelPrice, PhraseList, Switch, Threshold
from routing.tests.admin.forms import form_of, opus_threshold, row_of
from routing.tests.admin.pages import page, text

pytestmark = pytest.mark.usefixtures("bootstrapped")

LOG = reverse("admin:routing_adminchange_changelist")


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
