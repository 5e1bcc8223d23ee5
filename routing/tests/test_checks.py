from io import StringIO

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import connection

from routing import policies, prices
from routing.models import ModelAlias, ModelPrice, PolicyVersion
from routing.models.prices import PARTS

PRICES = [f"{part}_per_mtok" for part in PARTS]


@pytest.fixture(autouse=True)
def _configured(settings):
    settings.ANTHROPIC_API_KEY = "sk-ant-test"
    settings.SET_POLICY_VARIABLES = frozenset()


@pytest.fixture
def _bootstrapped(db):
    prices.load_defaults()
    policies.load_defaults()


def warnings(**options):
    return {message.id: message for message in run_checks(**options) if message.id.startswith("routing.")}


def test_a_gateway_without_any_provider_is_told_which_variables_to_set(settings):
    settings.ANTHROPIC_API_KEY = settings.LOCAL_LLM_BASE_URL = ""

    hint = warnings(include_deployment_checks=True)["routing.W001"].hint

    assert "ANTHROPIC_API_KEY" in hint
    assert "LOCAL_LLM_BASE_URL" in hint


@pytest.mark.parametrize(("key", "is_warned"), [("a-key", True), ("", False)])
def test_a_user_that_is_not_sent_because_a_key_is_is_named(settings, key, is_warned):
    settings.LOCAL_LLM_BASIC_AUTH, settings.LOCAL_LLM_API_KEY = "Basic eDp5", key

    assert ("routing.W005" in warnings()) is is_warned


@pytest.mark.parametrize("variable", ["ANTHROPIC_API_KEY", "LOCAL_LLM_BASE_URL"])
def test_one_provider_is_enough(settings, variable):
    settings.ANTHROPIC_API_KEY = settings.LOCAL_LLM_BASE_URL = ""
    setattr(settings, variable, "http://127.0.0.1:11434")

    assert warnings(include_deployment_checks=True) == {}


@pytest.mark.usefixtures("_bootstrapped")
def test_a_bootstrapped_gateway_has_nothing_to_say():
    assert warnings(databases=["default"]) == {}


@pytest.mark.django_db
def test_a_missing_policy_is_named_with_the_command_that_makes_it():
    assert "bootstrap" in warnings(databases=["default"])["routing.W002"].hint


@pytest.mark.usefixtures("_bootstrapped")
def test_a_variable_that_differs_from_the_policy_is_named_with_both_values(settings):
    settings.SET_POLICY_VARIABLES = frozenset({"OPUS_MODEL"})
    settings.OPUS_MODEL = "claude-opus-5"

    message = warnings(databases=["default"])["routing.W003"].msg

    assert all(text in message for text in ("OPUS_MODEL", "'claude-opus-5'", "'claude-opus-5-5'"))


@pytest.mark.django_db
def test_a_model_without_a_price_is_named(settings):
    settings.OPUS_MODEL = "claude-opus-9"
    prices.load_defaults()
    policies.load_defaults()

    assert "claude-opus-9 (opus)" in warnings(databases=["default"])["routing.W004"].msg


@pytest.mark.django_db
def test_an_alias_to_a_model_without_a_price_is_named():
    prices.load_defaults()
    policies.load_defaults()
    ModelAlias.objects.create(pattern="best", target="claude-mythos-5-2")
    ModelPrice.objects.create(provider_name="other", model="claude-mythos-5-2", **dict.fromkeys(PRICES, 1))
    policies.publish("An alias")

    message = warnings(databases=["default"])["routing.W004"]

    assert "claude-mythos-5-2 (alias best)" in message.msg
    assert "load_prices" in message.hint


@pytest.mark.django_db
def test_without_being_asked_for_the_database_nothing_is_read(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert warnings() == {}


@pytest.mark.django_db
def test_a_database_without_tables_is_no_trouble():
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {PolicyVersion._meta.db_table} RENAME TO elsewhere")

    assert warnings(databases=["default"]) == {}


@pytest.mark.django_db
def test_migrating_says_what_is_missing_and_goes_on():
    errors = StringIO()

    call_command("migrate", skip_checks=False, stdout=StringIO(), stderr=errors)

    assert "bootstrap" in errors.getvalue()
