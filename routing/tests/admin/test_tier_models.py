"""The models of the tiers, through the forms that a browser sends."""

import pytest

from routing import connections, policies
from routing.capabilities.server import LocalServer
from routing.models import ModelAlias, ModelPrice, TierModel
from routing.prices import changes
from routing.prices.defaults import shipped_rows
from routing.tests.admin.forms import form_of, row_of
from routing.tests.admin.pages import beside, page, text

pytestmark = pytest.mark.usefixtures("bootstrapped")
UNKNOWN = "is no Claude model that is known here"
ASKED_FOR = "is what a client may ask for"
WRONG = [
    pytest.param("sonnet", "totally-made-up-model", UNKNOWN, id="an invented one"),
    pytest.param("sonnet", "claude-sonet-5-5", "nearest are claude-sonnet-5-5", id="a slip"),
    pytest.param("opus", "claude-opus-9", "load_prices --model claude-opus-9 --apply", id="one without a price"),
    pytest.param("haiku", "qwen2.5-coder:14b", UNKNOWN, id="a local one"),
    pytest.param("sonnet", "auto", ASKED_FOR, id="auto"),
    pytest.param("local", "Sonnet", ASKED_FOR, id="a tier"),
    pytest.param("local", "local:foo", ASKED_FOR, id="a wish for a local one"),
    pytest.param("classifier", "my-alias", "is an alias", id="an alias"),
    pytest.param("local", "null", "Name the model that serves it.", id="null"),
    pytest.param("classifier", "a b", "has no spaces", id="a space"),
]


@pytest.fixture(autouse=True)
def _an_alias(bootstrapped):
    ModelAlias.objects.create(pattern="my-alias", target="auto")


def changed(client, slot, model):
    row = TierModel.objects.get(slot=slot)
    address = page(TierModel, "change", row.pk)
    return client.post(address, form_of(client, address) | {"model": model}, follow=True)


def listed(client, slot, model):
    form = form_of(client, page(TierModel))
    place = row_of(form, TierModel.objects.get(slot=slot))
    return client.post(page(TierModel), form | {f"{place}-model": model, "_save": "Save"}, follow=True)


@pytest.mark.parametrize(("slot", "model", "message"), WRONG)
def test_a_model_that_cannot_serve_is_refused_beside_its_field(admin_client, slot, model, message):
    before = policies.draft_content()

    answer = changed(admin_client, slot, model)

    assert message in " ".join(beside(answer, "model"))
    assert policies.draft_content() == before


@pytest.mark.parametrize(("slot", "model", "message"), WRONG)
def test_it_is_refused_in_the_list_too(admin_client, slot, model, message):
    before = policies.draft_content()

    answer = listed(admin_client, slot, model)

    errors = [error for form in answer.context["cl"].formset.errors for error in form.get("model", ())]
    assert message in " ".join(errors)
    assert policies.draft_content() == before


@pytest.mark.parametrize("edit", [changed, listed])
def test_a_name_is_at_most_as_long_as_its_field(admin_client, edit):
    before = policies.draft_content()

    answer = edit(admin_client, "sonnet", "x" * 500)

    assert "at most 120" in text(answer)
    assert policies.draft_content() == before


@pytest.mark.parametrize("edit", [changed, listed])
@pytest.mark.parametrize("model", ["claude-opus-4-8", "claude-sonnet-4-5-20250929"], ids=["known", "with its date"])
def test_a_known_claude_model_is_taken(admin_client, edit, model):
    edit(admin_client, "sonnet", model)

    assert TierModel.objects.get(slot="sonnet").model == model
    assert list(policies.problems(policies.draft_content())) == []


def test_a_model_that_is_newer_than_the_release_is_taken_once_it_has_a_price(admin_client):
    price = next(row for row in shipped_rows() if row.model == "claude-opus-5-5")
    changes.start(
        ModelPrice(**price.amounts, provider_name="anthropic", model="claude-opus-9", valid_from=price.valid_from)
    )

    changed(admin_client, "opus", "claude-opus-9")

    assert TierModel.objects.get(slot="opus").model == "claude-opus-9"


@pytest.mark.parametrize("edit", [changed, listed])
@pytest.mark.parametrize("slot", ["local", "classifier"])
def test_a_model_that_the_local_server_does_not_list_is_taken_with_a_warning(admin_client, monkeypatch, edit, slot):
    monkeypatch.setattr(connections.current(), "server", LocalServer(is_reachable=True, models=frozenset({"other:7b"})))

    answer = edit(admin_client, slot, "qwen9:7b")

    assert "the local server does not list &#x27;qwen9:7b&#x27; just now" in text(answer)
    assert TierModel.objects.get(slot=slot).model == "qwen9:7b"


def test_nothing_is_said_of_a_local_server_that_does_not_answer(admin_client, monkeypatch):
    monkeypatch.setattr(connections.current(), "server", LocalServer())

    answer = changed(admin_client, "local", "qwen9:7b")

    assert "does not list" not in text(answer)
    assert TierModel.objects.get(slot="local").model == "qwen9:7b"
