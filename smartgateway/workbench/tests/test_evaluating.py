import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from routing import policies, prices
from routing.models import PhraseList
from smartgateway.workbench import evaluating

pytestmark = pytest.mark.django_db
ADDRESS = reverse("workbench:evaluate")
HELLO = {"messages": [{"role": "user", "content": "hello"}], "label_tier": "local", "source": "chat"}
GRADED = {**HELLO, "outcomes": {"local": 0.9, "sonnet": 1.0, "opus": None}, "good_threshold": 0.7}


@pytest.fixture(autouse=True)
def _published():
    prices.load_defaults()
    prices.refresh()
    policies.load_defaults()


def uploaded(client, content, policy="draft"):
    text = content if isinstance(content, bytes) else "\n".join(map(json.dumps, content)).encode()
    answer = client.post(ADDRESS, {"policy": policy, "file": SimpleUploadedFile("rows.jsonl", text)})
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_a_file_is_evaluated_under_the_draft(admin_client):
    page = uploaded(admin_client, [GRADED, {**HELLO, "source": "editor", "label_tier": "opus"}])

    assert "<dt>Local, rightly</dt><dd>50.0 %</dd>" in page
    assert ">editor</th>" in page
    assert "The same 1 requests each way" in page


def test_a_file_for_the_classifier_is_taken(admin_client):
    page = uploaded(admin_client, [{"messages": HELLO["messages"], "label_tier": "local"}])

    assert ">no source</th>" in page


def test_draft_and_version_are_told_apart(admin_client):
    PhraseList.objects.get(name="greeting").phrases.all().delete()

    assert "<dt>The rules are sure of</dt><dd>0.0 %</dd>" in uploaded(admin_client, [HELLO])
    assert "<dt>The rules are sure of</dt><dd>100.0 %</dd>" in uploaded(admin_client, [HELLO], "1")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        pytest.param(b"{", "Line 1:", id="broken"),
        pytest.param([HELLO, {"messages": []}], "Line 2: messages is a list without anything", id="no messages"),
        pytest.param(
            [{**HELLO, "cost_usd": "x"}], "Line 1: cost_usd is &quot;x&quot;: it must be an object", id="cost"
        ),
        pytest.param([{**HELLO, "good_threshold": "a"}], "good_threshold is &quot;a&quot;", id="no threshold"),
        pytest.param([{**HELLO, "cost_usd": {"local": 1e308}}], "cost_usd.local is 1e+308", id="a sum beyond sums"),
        pytest.param(b"[" * 100_000, "Line 1:", id="deeply nested"),
        pytest.param(b"\n\n", "holds no request", id="blank"),
        pytest.param(b"", "empty", id="empty"),
        pytest.param(b"\xff\xfe", "not text in UTF-8", id="binary"),
    ],
)
def test_what_cannot_be_read_is_named_beside_the_field(admin_client, content, complaint):
    page = uploaded(admin_client, content)

    assert complaint in page.replace("&#x27;", "'")
    assert 'aria-label="Summary"' not in page


@pytest.mark.parametrize(("bound", "complaint"), [("MOST_BYTES", "larger than"), ("MOST_ROWS", "more than")])
def test_a_file_beyond_the_bounds_is_refused(admin_client, monkeypatch, bound, complaint):
    monkeypatch.setattr(evaluating, bound, 1)

    assert complaint in uploaded(admin_client, [HELLO, HELLO, HELLO])


def test_a_broken_draft_is_not_tried(admin_client):
    for name in ("simple_task", "multi_file"):
        PhraseList.objects.get(name=name).fill({"refactor": 1})

    assert "mend it first" in uploaded(admin_client, [HELLO])
