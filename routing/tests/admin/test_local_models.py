import httpx
import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from routing import clients, connections
from routing.admin.local import NONE_YET
from routing.capabilities.findings import Findings
from routing.capabilities.records import Records
from routing.models import AdminChange, LocalModelRecord
from tests.doubles.ollama import OllamaDouble

NAME = "qwen2.5-coder:14b-instruct"
LIST = reverse("admin:routing_localmodelrecord_changelist")
CONFIRMED = {"_form_submitted": "True"}


@pytest.fixture(autouse=True)
def _pages(db):
    Records().noticed({NAME})


def test_a_list_without_models_says_why_it_is_empty(admin_client):
    assert NONE_YET not in admin_client.get(LIST).content.decode()

    LocalModelRecord.objects.all().delete()

    assert NONE_YET in admin_client.get(LIST).content.decode()


@pytest.fixture
def row():
    return LocalModelRecord.objects.get()


def button(row):
    return reverse("admin:routing_localmodelrecord_test_now", args=[row.pk])


def test_the_list_says_what_each_model_can(admin_client):
    Records().keep(NAME, "d", Findings(True, False, None, 16_384, 32_768, 0.75, 41.26))

    page = admin_client.get(LIST).content.decode()

    for text in (NAME, "16,384 of 32,768", "75%", "41.3"):
        assert text in page


def test_a_model_that_nobody_tested_says_so(admin_client):
    assert "not tested yet" in admin_client.get(LIST).content.decode()


@pytest.mark.parametrize("page", ["list", "row"])
def test_what_is_wrong_with_the_server_stands_above_what_its_models_can(admin_client, row, monkeypatch, page):
    note = "qwen is not installed; llama serves instead: ollama pull qwen"
    monkeypatch.setattr(connections, "local_notes", lambda: [note])
    address = LIST if page == "list" else reverse("admin:routing_localmodelrecord_change", args=[row.pk])

    assert note in admin_client.get(address).content.decode()


def test_a_server_that_is_well_has_no_notes_above_its_models(admin_client):
    assert "is not installed" not in admin_client.get(LIST).content.decode()


def test_nobody_edits_what_was_found_out(admin_client, row):
    change = reverse("admin:routing_localmodelrecord_change", args=[row.pk])

    assert admin_client.get(change).status_code == 200
    assert admin_client.post(change, {"name": "x"}).status_code == 403
    assert admin_client.get(reverse("admin:routing_localmodelrecord_add")).status_code == 403
    assert admin_client.post(reverse("admin:routing_localmodelrecord_delete", args=[row.pk])).status_code == 403


@pytest.mark.parametrize(
    ("findings", "sentence"),
    [
        (Findings(calls_tools=True, tokens_per_second=41.26), "calls tools and speaks 41.3 tokens a second"),
        (Findings(calls_tools=False), "does not call tools."),
        (Findings(error="it is away"), "could not be tested: it is away"),
        (None, "is still being tested, or busy"),
    ],
)
def test_the_button_tests_and_tells(admin_client, row, monkeypatch, findings, sentence):
    async def answer(name, *, patience_seconds):
        return findings

    monkeypatch.setattr(connections, "test_local_model", answer)

    page = admin_client.post(button(row), CONFIRMED, follow=True).content.decode()

    assert f"{NAME} {sentence}" in page


def test_who_tested_stays_on_record_with_what_it_changed(admin_client, admin_user, row, monkeypatch):
    async def answer(name, *, patience_seconds):
        findings = Findings(calls_tools=True)
        await sync_to_async(Records().keep)(name, "d", findings)
        return findings

    monkeypatch.setattr(connections, "test_local_model", answer)

    admin_client.post(button(row), CONFIRMED)

    entry = AdminChange.objects.get()
    assert (entry.author, entry.subject, entry.name) == (admin_user.username, "local model", NAME)
    assert (entry.before["calls_tools"], entry.after["calls_tools"]) == (None, True)


@pytest.fixture
def asked(monkeypatch):
    """The models that were tested."""
    names = []

    async def answer(name, *, patience_seconds):
        names.append(name)
        return Findings(calls_tools=True)

    monkeypatch.setattr(connections, "test_local_model", answer)
    return names


def test_a_link_to_the_button_asks_first_and_tests_nothing(admin_client, row, asked):
    page = admin_client.get(button(row)).content.decode()

    assert "Test this model now?" in page
    assert asked == []


def test_another_site_cannot_press_the_button(admin_user, row, asked):
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)

    assert client.post(button(row), CONFIRMED).status_code == 403
    assert asked == []


def test_the_dialog_is_left_for_the_model_that_was_tested(admin_client, row, asked):
    answer = admin_client.post(button(row), CONFIRMED, headers={"HX-Request": "true"})

    assert answer.headers["HX-Redirect"] == reverse("admin:routing_localmodelrecord_change", args=[row.pk])
    assert asked == [NAME]


@pytest.mark.django_db(transaction=True)
def test_the_button_really_asks_the_model(admin_client, row, monkeypatch, settings):
    double = OllamaDouble()
    settings.LOCAL_LLM_BASE_URL = "http://ollama.test"
    monkeypatch.setattr(clients, "transport", lambda url: httpx.ASGITransport(double))
    monkeypatch.setattr(connections, "_open", None)

    page = admin_client.post(button(row), CONFIRMED, follow=True).content.decode()
    async_to_sync(connections.aclose)()

    assert f"{NAME} does not call tools" in page
    assert [seen["body"]["model"] for seen in double.requests] == [NAME, NAME]


def test_who_may_only_look_has_no_button(client, row):
    reader = User.objects.create_user("reader", is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_localmodelrecord"))
    client.force_login(reader)

    page = client.get(LIST).content.decode()

    assert client.post(button(row), CONFIRMED).status_code == 403
    assert NAME in page
    assert "Test now" not in page
