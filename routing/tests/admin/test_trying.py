"""Texts tried on the lists of phrases."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from routing.models import PhraseList
from routing.tests.admin.pages import page, text

pytestmark = pytest.mark.usefixtures("bootstrapped")

TRY = reverse("admin:routing_phraselist_try")


def test_a_text_can_be_tried_on_the_lists(admin_client):
    asked = "Prove that this is a <env> threat modelling of our mess"

    found = text(admin_client.post(TRY, {"text": asked, "list": "deep_reasoning"}))

    assert found.index("Deep reasoning") < found.index("Harness tags")
    assert "<code>prove that</code> 0.15" in found
    assert "<code>threat model*</code> 0.5" in found
    assert "<code>env</code>" in found


def test_a_text_without_a_phrase_of_the_list_says_so(admin_client):
    assert "Nothing of Wide scope." in text(admin_client.post(TRY, {"text": "prove it", "list": "scope"}))
    assert "no phrase of any list" in text(admin_client.post(TRY, {"text": "qwertz"}))


def test_only_so_much_of_a_text_is_tried(admin_client):
    found = text(admin_client.post(TRY, {"text": "x " * 20_000 + "threat model"}))

    assert "first 20000 characters" in found
    assert "threat" not in found


def test_who_may_not_see_the_lists_tries_nothing(client):
    client.force_login(User.objects.create_user("clerk", is_staff=True))

    assert client.post(TRY, {"text": "prove it"}).status_code == 403


def test_the_field_to_try_a_text_stands_beside_each_list(admin_client):
    row = PhraseList.objects.get(name="scope")

    assert 'name="list" value="scope"' in text(admin_client.get(page(PhraseList, "change", row.pk)))
    assert TRY in text(admin_client.get(page(PhraseList)))
