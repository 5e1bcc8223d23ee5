import ast
import json
import tomllib
from io import StringIO

import pytest
import yaml
from django.conf import settings as project
from django.contrib.auth.models import User
from django.core.management import call_command
from django.urls import reverse

from smartgateway.dashboard import connecting
from smartgateway.dashboard.clients import clients, is_public
from smartgateway.keys.issuing import digest_of, team_named
from smartgateway.keys.models import ApiKey, Membership

VALUES = {"GATEWAY_URL": "https://gw.test", "GATEWAY_KEY": "sk-sg-1", "OPUS_ID": "opus-1", "SONNET_ID": "sonnet-1"}
READERS = {".yaml": yaml.safe_load, ".yml": yaml.safe_load, ".json": json.loads, ".toml": tomllib.loads}
PAGE = "/connect/"


@pytest.fixture
def developer(db, client):
    user = User.objects.create_user("dana")
    Membership.objects.create(user=user, team=team_named("core"))
    client.force_login(user)
    return user


def text(response):
    return response.content.decode()


def make_key(client, name="my laptop", team="core"):
    return client.post(PAGE, {"name": name, "team": team})


def test_the_docs_say_what_the_page_shows():
    printed = StringIO()

    call_command("client_setup", stdout=printed)

    assert (project.BASE_DIR / "docs" / "clients.md").read_text() == printed.getvalue(), (
        "run `manage.py client_setup > docs/clients.md`"
    )


def test_the_setup_can_be_printed_for_an_address_and_a_key():
    printed = StringIO()

    call_command("client_setup", "--url", "https://gw.test/v1/", "--key", "sk-sg-mine", stdout=printed)

    assert "https://gw.test/v1/chat/completions" in printed.getvalue()
    assert "sk-sg-mine" in printed.getvalue()
    assert "gateway.example.com" not in printed.getvalue()


@pytest.mark.parametrize("client", clients(VALUES), ids=lambda client: client.name)
def test_every_client_is_filled_with_address_and_key(client):
    code = "\n".join(step.code for step in client.steps)

    assert "https://gw.test" in code
    assert "sk-sg-1" in code
    assert not any(word in code for word in VALUES)
    assert "https://gw.test/v1/v1" not in code


@pytest.mark.parametrize(
    "step",
    [step for client in clients(VALUES) for step in client.steps if step.file],
    ids=lambda step: step.place,
)
def test_every_file_is_in_the_form_its_name_promises(step):
    read = next(read for ending, read in READERS.items() if step.file.endswith(ending))

    assert read(step.code)


@pytest.mark.parametrize("name", ["openai-python", "anthropic-python"])
def test_the_python_examples_are_python(name):
    [step] = next(client for client in clients(VALUES) if client.name == name).steps

    assert ast.parse(step.code)


@pytest.mark.parametrize("name", ["claude-code", "anthropic-python", "anthropic-javascript"])
def test_what_speaks_messages_gets_the_address_without_a_version(name):
    [step] = next(client for client in clients(VALUES) if client.name == name).steps

    assert "https://gw.test" in step.code
    assert "/v1" not in step.code


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://gateway.example.com", True),
        ("https://203.0.113.9:8443", False),  # an address for documentation only
        ("https://8.8.8.8", True),
        ("http://gateway.example.com", False),
        ("https://localhost:8000", False),
        ("https://192.168.1.4", False),
        ("https://gateway", False),
        ("https://gateway.corp.internal", False),
        ("https://[::1]:8000", False),
    ],
)
def test_a_public_address_has_https_and_no_private_host(address, expected):
    assert is_public(address) is expected


@pytest.mark.django_db
def test_who_is_not_signed_in_is_asked_to(client):
    assert client.get(PAGE).url == f"{reverse('dashboard:sign_in')}?next={PAGE}"


@pytest.mark.usefixtures("developer")
def test_the_page_is_filled_with_the_address_it_was_opened_by(client):
    shown = text(client.get(PAGE, headers={"host": "localhost:8123"}))

    assert "http://localhost:8123/v1/chat/completions" in shown
    assert "sk-sg-YOUR-KEY" in shown
    assert "Not from this address." in shown


@pytest.mark.usefixtures("developer")
def test_a_public_address_goes_before_the_one_it_was_opened_by(client, settings):
    settings.PUBLIC_URL = "https://gateway.example.com"

    shown = text(client.get(PAGE))

    assert "https://gateway.example.com/v1" in shown
    assert "Not from this address." not in shown


@pytest.mark.usefixtures("developer")
def test_the_page_runs_under_the_strict_policy(client):
    response = client.get(PAGE)

    assert "script-src 'self'" in response.headers["Content-Security-Policy"]
    assert "style=" not in text(response)
    assert "onclick" not in text(response)


def test_a_member_makes_a_key_that_is_shown_once_and_works(client, developer):
    response = make_key(client)

    key = ApiKey.objects.get()
    secret = response.context["secret"]
    assert (key.name, key.team.name, key.owner, bytes(key.digest)) == (
        "my laptop",
        "core",
        developer,
        digest_of(secret),
    )
    assert text(response).count(secret) > 10  # in every client's set-up
    assert "no-store" in response.headers["Cache-Control"]
    assert secret not in text(client.get(PAGE))


def test_a_key_is_made_only_for_a_team_of_ones_own(client, developer):
    team_named("other")

    response = make_key(client, team="other")

    assert not ApiKey.objects.exists()
    assert "Say where the key is used, and for which team." in text(response)


def test_who_is_in_no_team_is_told_how_to_get_a_key(client, db):
    client.force_login(User.objects.create_user("stranger"))
    team_named("core")

    assert "You are in no team yet." in text(client.get(PAGE))
    make_key(client)

    assert not ApiKey.objects.exists()


def test_an_admin_makes_a_key_for_any_team(admin_client):
    team_named("core")

    make_key(admin_client)

    assert ApiKey.objects.get().team.name == "core"


@pytest.mark.usefixtures("developer")
def test_keys_of_ones_own_are_bounded(client, monkeypatch):
    monkeypatch.setattr(connecting, "MOST_OWN_KEYS", 1)
    make_key(client)

    response = make_key(client, name="another")

    assert ApiKey.objects.count() == 1
    assert "ask an admin to revoke old ones" in text(response)
