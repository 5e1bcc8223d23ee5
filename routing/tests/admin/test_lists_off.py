import pytest
from django.urls import reverse

from routing import policies
from routing.models import AdminChange, PhraseList
from routing.tests.admin.test_logged import form_of, row_of

pytestmark = pytest.mark.usefixtures("bootstrapped")
LISTED = reverse("admin:routing_phraselist_changelist")


def text(response):
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def page_of(name):
    return reverse("admin:routing_phraselist_change", args=[PhraseList.objects.get(name=name).pk])


def switch_off_in_the_form(client, name):
    form = form_of(client, page_of(name))
    assert form.pop("is_on")
    return client.post(page_of(name), form, follow=True)


def test_a_list_is_switched_off_in_its_form_which_says_what_that_does(admin_client):
    assert "as if the list were empty; they stay here until it is on again" in text(admin_client.get(page_of("scope")))

    page = text(switch_off_in_the_form(admin_client, "scope"))

    row = PhraseList.objects.get(name="scope")
    assert "1 change of the draft waits to be published" in page
    assert (row.is_on, row.phrases.exists()) == (False, True)
    assert policies.draft_changes() == ["List scope: on → off."]


def test_a_list_is_switched_off_among_all_lists(admin_client):
    form = form_of(admin_client, LISTED)
    place = row_of(form, PhraseList.objects.get(name="scope"))
    del form[f"{place}-is_on"]

    admin_client.post(LISTED, form | {"_save": "Save"})

    assert [*PhraseList.objects.filter(is_on=False).values_list("name", flat=True)] == ["scope"]
    assert PhraseList.objects.get(name="scope").phrases.exists()


def test_who_switched_a_list_off_stays_on_record(admin_client):
    switch_off_in_the_form(admin_client, "scope")

    entry = AdminChange.objects.first()
    assert (entry.author, entry.name) == ("admin", "Wide scope")
    assert (entry.before, entry.after) == ({"the list is on": True}, {"the list is on": False})


def test_trying_a_text_says_which_lists_are_off(admin_client):
    PhraseList.objects.filter(name="deep_reasoning").update(is_on=False)

    found = text(admin_client.post(reverse("admin:routing_phraselist_try"), {"text": "prove that", "list": ""}))

    assert "(deep_reasoning; switched off: counts for nothing)" in found


def test_a_version_says_which_lists_are_off(admin_client):
    PhraseList.objects.filter(name="greeting").update(is_on=False)
    policies.publish("No greetings", author="ada")

    page = text(admin_client.get(reverse("workbench:version", args=[2])))

    assert page.count("switched off") == 1
    assert "List greeting: on → off." in page
