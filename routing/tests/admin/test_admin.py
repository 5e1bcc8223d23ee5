import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from routing import policies
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


def page(model, name="changelist", *args):
    return reverse(f"admin:routing_{model._meta.model_name}_{name}", args=args)


def text(response):
    return response.content.decode()


def beside(response, field):
    """What the page says beside a field."""
    return response.context["adminform"].form.errors.get(field, [])


def change_threshold(value=0.75):
    Threshold.objects.filter(name="opus_score_threshold").update(value=value)


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


def test_a_published_version_can_only_be_read(admin_client):
    version = PolicyVersion.objects.get()

    assert admin_client.get(page(PolicyVersion, "add")).status_code == 403
    assert admin_client.post(page(PolicyVersion, "change", version.pk), {"note": "x"}).status_code == 403
    assert admin_client.post(page(PolicyVersion, "delete", version.pk), {"post": "yes"}).status_code == 403


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


def test_an_alias_that_leads_nowhere_is_refused_beside_its_target(admin_client):
    answer = admin_client.post(page(ModelAlias, "add"), {"pattern": "fast", "target": "no-such-model"})

    assert "no known model" in text(answer)
    assert not ModelAlias.objects.filter(pattern="fast").exists()


def test_an_alias_that_runs_in_a_circle_is_refused_beside_its_target(admin_client):
    ModelAlias.objects.create(pattern="fast", target="quick")

    answer = admin_client.post(page(ModelAlias, "add"), {"pattern": "quick", "target": "fast"})

    assert beside(answer, "target") == ["It runs in a circle: fast → quick → fast."]
    assert not ModelAlias.objects.filter(pattern="quick").exists()


def test_an_alias_that_is_edited_into_a_circle_is_refused_beside_its_target(admin_client):
    ModelAlias.objects.create(pattern="fast", target="quick")
    row = ModelAlias.objects.create(pattern="quick", target="haiku")

    answer = admin_client.post(page(ModelAlias, "change", row.pk), {"pattern": "quick", "target": "fast"})

    assert beside(answer, "target") == ["It runs in a circle: fast → quick → fast."]
    assert ModelAlias.objects.get(pk=row.pk).target == "haiku"


def test_one_alias_too_many_is_refused_and_one_of_as_many_as_may_be_is_still_edited(admin_client):
    missing = 1_000 - ModelAlias.objects.count()
    ModelAlias.objects.bulk_create(ModelAlias(pattern=f"name-{n}", target="auto") for n in range(missing))
    row = ModelAlias.objects.get(pattern="name-0")

    added = admin_client.post(page(ModelAlias, "add"), {"pattern": "one-more", "target": "auto"})
    edited = admin_client.post(page(ModelAlias, "change", row.pk), {"pattern": "name-0", "target": "haiku"})

    assert beside(added, "target") == ["1,001 aliases: keep at most 1,000."]
    assert edited.status_code == 302
    assert ModelAlias.objects.count() == 1_000


def test_an_alias_may_lead_to_a_model_that_has_a_price(admin_client):
    admin_client.post(page(ModelAlias, "add"), {"pattern": "fast", "target": "claude-haiku-4-5"})

    assert ModelAlias.objects.get(pattern="fast").target == "claude-haiku-4-5"


def phrase_form(phrase_list, paste):
    rows = phrase_list.phrases.order_by("phrase_list", "text")[:50]
    form = {"paste": paste, "phrases-TOTAL_FORMS": len(rows), "phrases-INITIAL_FORMS": len(rows)}
    for number, row in enumerate(rows):
        form |= {f"phrases-{number}-{name}": getattr(row, name) for name in ("id", "text", "weight")}
        form[f"phrases-{number}-phrase_list"] = phrase_list.pk
    return form


@pytest.mark.parametrize("name", ["scope", "deep_reasoning"], ids=["a short list", "a list of several pages"])
def test_many_phrases_are_pasted_at_once(admin_client, name):
    phrase_list = PhraseList.objects.get(name=name)
    phrase_list.fill({"end to end": 1.0})
    before = phrase_list.phrases.count()
    paste = "whole  fleet\n\nend to end | 0.5\n  every region|0.25"

    answer = admin_client.post(page(PhraseList, "change", phrase_list.pk), phrase_form(phrase_list, paste))

    weights = dict(phrase_list.phrases.values_list("text", "weight"))
    assert answer.status_code == 302
    assert (weights["whole fleet"], weights["end to end"], weights["every region"]) == (1.0, 0.5, 0.25)
    assert len(weights) == before + 2


@pytest.mark.parametrize(
    ("paste", "message"),
    [
        pytest.param("fine\nwrong | heavy", "Line 2: &#x27;heavy&#x27; is no weight.", id="no number"),
        pytest.param("wrong | 11", "Line 1: Use a weight above 0 and at most 10.", id="too heavy"),
        pytest.param("wrong | nan", "Line 1: Use a weight above 0 and at most 10.", id="not a number"),
        pytest.param("wrong | " + "x" * 900, f"Line 1: &#x27;{'x' * 40}…&#x27; is no weight.", id="a long weight"),
        pytest.param("x" * 201, "Line 1: Ensure this value has at most 200 characters", id="too long"),
        pytest.param("| 2", "Line 1: This field cannot be blank.", id="no phrase"),
        pytest.param("fine\n*", "Line 2: The phrase &#x27;*&#x27; holds nothing", id="only a star"),
        pytest.param("a\n" * 2_001, "2,001 lines: paste at most 2,000 at once.", id="too many lines"),
        pytest.param("\n".join("a" * n for n in range(1, 20)), "at most 7", id="phrases that end in one another"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_added(admin_client, paste, message):
    phrase_list = PhraseList.objects.get(name="scope")
    before = Phrase.objects.count()

    answer = admin_client.post(page(PhraseList, "change", phrase_list.pk), phrase_form(phrase_list, paste))

    assert message in text(answer)
    assert Phrase.objects.count() == before


@pytest.mark.parametrize(
    "huge",
    [
        pytest.param("x" * 10_000_000, id="one phrase"),
        pytest.param("wrong | " + "x" * 9_999_992, id="one weight"),
        pytest.param("x\n" * 4_999_999 + "xx", id="many lines"),
    ],
)
def test_a_paste_of_ten_megabytes_is_refused_beside_its_field_in_few_words(admin_client, huge):
    phrase_list = PhraseList.objects.get(name="scope")
    before = Phrase.objects.count()

    answer = admin_client.post(page(PhraseList, "change", phrase_list.pk), phrase_form(phrase_list, huge))

    assert beside(answer, "paste") == ["10,000,000 characters: paste at most 500,000 at once."]
    assert Phrase.objects.count() == before


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


def test_the_draft_says_what_waits_to_be_published(admin_client):
    assert "equals the published policy" in text(admin_client.get(page(Threshold)))

    change_threshold()

    assert "1 change of the draft waits to be published" in text(admin_client.get(page(Threshold)))


def test_a_version_tells_what_it_changed(admin_client):
    change_threshold()
    version = policies.publish("Fewer opus")

    shown = text(admin_client.get(page(PolicyVersion, "change", version.pk)))

    assert "Threshold opus_score_threshold: 0.5 → 0.75." in shown


def test_the_list_of_versions_marks_the_one_in_force_without_a_query_for_each(
    admin_client, django_assert_max_num_queries
):
    for value in (0.6, 0.7, 0.8):
        change_threshold(value)
        policies.publish(f"{value}")

    with django_assert_max_num_queries(8):
        rows = admin_client.get(page(PolicyVersion)).context["cl"].result_list

    assert [row.is_newest for row in rows] == [True, False, False, False]


def price_form(row, **changes):
    form = {name: value for name, value in row.amounts.items() if value is not None}
    start = {"valid_from_0": f"{row.valid_from:%Y-%m-%d}", "valid_from_1": f"{row.valid_from:%H:%M:%S}"}
    return {"provider_name": row.provider_name, "model": row.model, "source": row.source, **start, **form, **changes}


def test_a_changed_price_becomes_a_new_row_and_the_old_one_stays_as_it_was(admin_client):
    before = ModelPrice.objects.get(model="claude-opus-5-5")

    response = admin_client.post(page(ModelPrice, "change", before.pk), price_form(before, input_per_mtok="3"))

    old, new = ModelPrice.objects.filter(model="claude-opus-5-5").order_by("valid_from")
    assert response.status_code == 302
    assert (old.pk, old.input_per_mtok, old.valid_until) == (before.pk, before.input_per_mtok, new.valid_from)
    assert (new.input_per_mtok, new.valid_until, new.is_edited) == (3, None, True)


def test_a_price_is_edited_without_a_new_row_where_what_it_says_stays(admin_client):
    row = ModelPrice.objects.get(model="claude-opus-5-5")

    admin_client.post(page(ModelPrice, "change", row.pk), price_form(row, source="the contract"))

    kept = ModelPrice.objects.get(model="claude-opus-5-5")
    assert (kept.pk, kept.source, kept.is_edited) == (row.pk, "the contract", True)


def test_a_price_added_for_a_later_day_closes_the_one_in_force_there(admin_client):
    row = ModelPrice.objects.get(model="claude-opus-5-5")

    admin_client.post(page(ModelPrice, "add"), price_form(row, input_per_mtok="3", valid_from_0="2099-01-01"))

    old, new = ModelPrice.objects.filter(model="claude-opus-5-5").order_by("valid_from")
    assert (old.valid_until, new.valid_from.year) == (new.valid_from, 2099)


def test_a_price_for_a_time_that_has_one_is_refused_in_words(admin_client):
    row = ModelPrice.objects.get(model="claude-opus-5-5")

    response = admin_client.post(page(ModelPrice, "add"), price_form(row, valid_from_0="2020-01-01"))

    assert "Another price of anthropic/claude-opus-5-5 holds from 2026-09-22 00:00" in text(response)


def test_a_price_that_held_is_neither_deleted_nor_rewritten(admin_client):
    row = ModelPrice.objects.get(model="claude-opus-5-5")

    assert admin_client.post(page(ModelPrice, "delete", row.pk), {"post": "yes"}).status_code == 403
    row.valid_until = timezone.now()
    row.save()
    changed = admin_client.post(page(ModelPrice, "change", row.pk), price_form(row, input_per_mtok="3"))

    assert changed.status_code == 403


TRY = reverse("admin:routing_phraselist_try")


@pytest.mark.parametrize("where", ["paste", "row"])
def test_a_phrase_of_a_list_that_says_the_opposite_is_refused_beside_its_field(admin_client, where):
    phrase_list = PhraseList.objects.get(name="simple_task")
    form = phrase_form(phrase_list, "Threat  Model*" if where == "paste" else "")
    if where == "row":
        form["phrases-0-text"] = "threat model*"

    answer = admin_client.post(page(PhraseList, "change", phrase_list.pk), form)

    assert "is also in deep_reasoning, which says the opposite." in text(answer)
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

    assert f"is also in {opposite}, which says the opposite." in text(answer)
    assert not phrase_list.phrases.filter(text__iexact=shared).exists()


def test_a_row_that_could_never_be_found_is_refused_beside_its_field(admin_client):
    phrase_list = PhraseList.objects.get(name="scope")
    form = phrase_form(phrase_list, "") | {"phrases-0-text": "*"}

    answer = admin_client.post(page(PhraseList, "change", phrase_list.pk), form)

    assert "holds nothing that could be found" in text(answer)


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
