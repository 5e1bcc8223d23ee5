"""`manage.py replay FILE --call` between doubles of its upstreams: what it sends, records and says it spent."""

import json
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from audit.models import Attempt, Outcome, RoutingDecision
from audit.shipper import Shipper
from audit.verification import verify
from routing import breakers, connections, policies, prices
from smartgateway.keys.issuing import issue
from tests.doubles.anthropic import AnthropicDouble
from tests.doubles.ollama import OllamaDouble
from tests.doubles.serving import serving

pytestmark = pytest.mark.django_db(transaction=True)
EASY = {"messages": [{"role": "user", "content": "What is a closure in Python?"}], "label_tier": "local"}
HARD = {"messages": [{"role": "user", "content": "Hello"}], "model": "opus", "label_tier": "opus"}
UNKNOWN = {"messages": [{"role": "user", "content": "Hello"}], "model": "no-such-model"}


@pytest.fixture
def upstreams(settings, tmp_path, monkeypatch):
    """The doubles, with what they were asked, behind a bootstrapped gateway."""
    claude, ollama = AnthropicDouble(), OllamaDouble()
    policies.load_defaults()
    prices.load_defaults()
    policies.refresh()
    prices.refresh()
    breakers.forget()
    with serving(claude) as claude_url, serving(ollama) as ollama_url:
        settings.ANTHROPIC_API_KEY, settings.ANTHROPIC_BASE_URL = "sk-ant-test", claude_url
        settings.LOCAL_LLM_BASE_URL, settings.LOCAL_LLM_KIND = ollama_url, "ollama"
        settings.AUDIT_JOURNAL_DIR = tmp_path / "journal"
        monkeypatch.setattr(connections, "_open", None)
        yield claude, ollama
    policies.forget()


def replay(tmp_path, rows, *arguments):
    file = tmp_path / "requests.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)))
    output = StringIO()
    call_command("replay", file, "--call", *arguments, stdout=output)
    return {line[:34].strip(): line[34:].split() for line in output.getvalue().splitlines()}


def ship(directory):
    """Twice: the second round lets go of what the first one emptied."""
    shipper = Shipper(directory)
    for _ in range(2):
        shipper.discover()
        while shipper.ship():
            pass
        shipper.retire()


def test_each_request_is_called_once_and_recorded_with_its_outcome(upstreams, tmp_path, settings):
    issue("laptop", "Payments")

    found = replay(tmp_path, [EASY, HARD], "--key", "laptop")

    ship(settings.AUDIT_JOURNAL_DIR)
    kept = RoutingDecision.objects.order_by("pk").values_list("face", "key_name", "team_name", "tier", "tags")
    assert list(kept) == [("replay", "laptop", "Payments", tier, ["replay"]) for tier in ("local", "opus")]
    assert set(Outcome.objects.values_list("status", flat=True)) == {"answered"}
    assert Attempt.objects.count() == 2
    assert found["tier local"] == found["tier opus"] == ["1", "50.0%"]
    assert found["agreement with the labels"] == ["100.0%", "of", "2"]
    assert verify(settings.AUDIT_JOURNAL_DIR).is_clean


def test_what_was_really_spent_is_what_the_record_says(upstreams, tmp_path, settings):
    issue("laptop")

    found = replay(tmp_path, [EASY, HARD])

    ship(settings.AUDIT_JOURNAL_DIR)
    spent = sum(Outcome.objects.values_list("cost", flat=True))
    assert spent > 0
    assert Decimal(found["really spent"][0]) == round(spent, 4)


def test_what_nobody_could_serve_is_counted_recorded_and_not_called(upstreams, tmp_path, settings):
    issue("laptop")

    found = replay(tmp_path, [EASY, UNKNOWN])

    ship(settings.AUDIT_JOURNAL_DIR)
    assert found["not served model_not_found"] == ["1", "50.0%"]
    assert list(Outcome.objects.order_by("status").values_list("status", flat=True)) == ["answered", "refused"]
    assert Attempt.objects.count() == 1


def test_without_a_key_of_that_name_nothing_is_called(upstreams, tmp_path, settings):
    issue("laptop")

    with pytest.raises(CommandError, match="create_api_key"):
        replay(tmp_path, [EASY], "--key", "desktop")

    assert not settings.AUDIT_JOURNAL_DIR.exists()
