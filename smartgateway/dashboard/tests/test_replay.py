import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from routing import policies, prices
from routing.engine.types import LocalModel, Surroundings
from smartgateway.completions import replaying

pytestmark = pytest.mark.django_db(transaction=True)
ROWS = [
    {"messages": [{"role": "user", "content": "What is a closure in Python?"}], "label_tier": "local"},
    {"messages": [{"role": "user", "content": "What does ls do?"}], "label_tier": "opus"},
    {"messages": [{"role": "user", "content": "Hello"}], "model": "no-such-model"},
]


@pytest.fixture
def bootstrapped(monkeypatch):
    policies.load_defaults()
    prices.load_defaults()
    policies.refresh()
    prices.refresh()
    local = LocalModel("qwen", loaded=True, context_tokens=16_384, vision=False, tools=True)
    monkeypatch.setattr(replaying.path.connections, "surroundings", lambda **known: Surroundings(local=local))
    yield
    policies.forget()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "requests.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in ROWS))
    return path


def replay(*arguments):
    output = StringIO()
    call_command("replay", *arguments, stdout=output)
    return {line[:34].strip(): line[34:].split() for line in output.getvalue().splitlines()}


def test_requests_are_routed_by_the_published_policy_and_compared_with_their_labels(bootstrapped, file):
    found = replay(file)

    assert found["tier local"] == ["2", "66.7%"]
    assert found["phase heuristic"] == ["2", "66.7%"]
    assert found["agreement with the labels"] == ["50.0%", "of", "2"]
    assert found["estimated cost, as routed"] == ["0.0000", "USD"]


def test_what_cannot_be_served_is_counted_by_its_reason(bootstrapped, file):
    assert replay(file)["not served model_not_found"] == ["1", "33.3%"]


def test_without_call_nothing_is_recorded(bootstrapped, file, settings, tmp_path):
    settings.AUDIT_JOURNAL_DIR = tmp_path / "journal"

    replay(file)

    assert not settings.AUDIT_JOURNAL_DIR.exists()


@pytest.mark.parametrize(("text", "trouble"), [("{", "line 1"), ('{"a": 1}', "no messages")])
def test_a_file_that_holds_no_requests_is_refused_with_the_reason(bootstrapped, tmp_path, text, trouble):
    path = tmp_path / "broken.jsonl"
    path.write_text(text)

    with pytest.raises(CommandError, match=trouble):
        call_command("replay", path)
