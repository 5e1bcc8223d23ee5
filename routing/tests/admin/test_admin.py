"""Every list and row can be opened, and what is refused is refused beside its field."""

import pytest
from django.utils.html import escape

from routing.models import (
    FallbackStep,
    ModelAlias,
    ModelPrice,
    Phrase,
    PhraseList,
    PolicyVersion,
    RoutingSettings,
    Switch,
    Threshold,
    TierModel,
)
from routing.tests.admin.pages import beside, page, phrase_form, text

pytestmark = pytest.mark.usefixtures("bootstrapped")

EVERY_MODEL = [
    FallbackStep,
    ModelAlias,
    ModelPrice,
    PhraseList,
    PolicyVersion,
    RoutingSettings,
    Switch,
    Threshold,
    TierModel,
]
SHIPPED_ROWS = [PhraseList, RoutingSettings, Switch, Threshold, TierModel]


@pytest.mark.parametrize("model", EVERY_MODEL)
def test_every_list_and_every_row_can_be_opened(admin_client, model):
    listed = admin_client.get(page(model), follow=True)
    opened = admin_client.get(page(model, "change", model.objects.first().pk))

    assert (listed.status_code, opened.status_code) == (200, 200)


@pytest.mark.parametrize("model", SHIPPED_ROWS)
def test_rows_whose_names_come_with_the_release_are_neither_added_nor_deleted(admin_client, model):
    row = model.objects.first()

    assert admin_client.get(page(model, "add")).status_code == 403
    assert admin_client.post(page(model, "delete", row.pk), {"post": "yes"}).status_code == 403


def test_a_threshold_shows_its_unit_its_bounds_and_its_effect(admin_client):
    row = Threshold.objects.get(name="local_context_char_limit")

    shown = text(admin_client.get(page(Threshold, "change", row.pk)))

    assert all(words in shown for words in (row.unit, "500 – 4,000,000", row.effect))


def test_a_value_out_of_bounds_is_refused_beside_its_field(admin_client):
    row = Threshold.objects.get(name="opus_score_threshold")

    answer = admin_client.post(page(Threshold, "change", row.pk), {"value": "7"})

    assert answer.context["errors"].as_data() if hasattr(answer.context["errors"], "as_data") else True
    assert "Use a value from 0.05 to 1" in text(answer)
    assert Threshold.objects.get(pk=row.pk).value == 0.5


@pytest.mark.parametrize("empty", ["", "   "])
def test_a_tier_without_a_model_is_refused_beside_its_field(admin_client, empty):
    row = TierModel.objects.get(slot="opus")

    answer = admin_client.post(page(TierModel, "change", row.pk), {"model": empty})

    assert beside(answer, "model") == ["This field is required."]
    assert TierModel.objects.get(pk=row.pk).model == row.model


def test_a_tier_without_a_model_is_refused_beside_its_field_in_the_list_too(admin_client):
    rows = list(TierModel.objects.order_by("slot"))
    form = {"form-TOTAL_FORMS": len(rows), "form-INITIAL_FORMS": len(rows), "_save": "Save"}
    for number, row in enumerate(rows):
        form |= {f"form-{number}-id": row.pk, f"form-{number}-model": "" if row.slot == "opus" else row.model}

    answer = admin_client.post(page(TierModel), form)

    assert {"model": ["This field is required."]} in answer.context["cl"].formset.errors
    assert TierModel.objects.get(slot="opus").model


@pytest.mark.parametrize("where", ["paste", "row"])
def test_a_phrase_of_a_list_that_says_the_opposite_is_refused_beside_its_field(admin_client, where):
    phrase_list = PhraseList.objects.get(name="simple_task")
    form = phrase_form(phrase_list, "Threat  Model*" if where == "paste" else "")
    if where == "row":
        form["phrases-0-text"] = "threat model*"

    answer = admin_client.post(page(PhraseList, "change", phrase_list.pk), form)

    assert "is also in Deep reasoning, which says the opposite." in text(answer)
    assert not phrase_list.phrases.filter(text__iexact="threat model*").exists()


@pytest.mark.parametrize("where", ["paste", "row"])
@pytest.mark.parametrize(
    ("name", "opposite"),
    [
        ("greeting", "multi_file"),
        ("agent_protocol", "housekeeping"),
        ("simple_task", "investigation"),
        ("investigation", "simple_task"),
        ("context_word", "self_contained"),
    ],
)
def test_every_two_lists_that_say_the_opposite_share_no_phrase(admin_client, name, opposite, where):
    phrase_list, shared = PhraseList.objects.get(name=name), Phrase.objects.filter(phrase_list__name=opposite)[0].text
    form = phrase_form(phrase_list, shared.upper() if where == "paste" else "")
    if where == "row":
        form["phrases-0-text"] = shared

    answer = admin_client.post(page(PhraseList, "change", phrase_list.pk), form)

    title = PhraseList.objects.get(name=opposite).title
    assert f"is also in {escape(title)}, which says the opposite." in text(answer)
    assert not phrase_list.phrases.filter(text__iexact=shared).exists()


def test_a_row_that_could_never_be_found_is_refused_beside_its_field(admin_client):
    phrase_list = PhraseList.objects.get(name="scope")
    form = phrase_form(phrase_list, "") | {"phrases-0-text": "*"}

    answer = admin_client.post(page(PhraseList, "change", phrase_list.pk), form)

    assert "holds nothing that could be found" in text(answer)
