import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from smartgateway.dashboard import views
from smartgateway.dashboard.models import ExpectedShare
from smartgateway.dashboard.tests.rows import DAY, report
from smartgateway.keys.models import Membership, Team

pytestmark = pytest.mark.django_db
ADDRESS = reverse("dashboard:overview")
LEFT = "The distribution left what is expected"


@pytest.fixture(autouse=True)
def _today(monkeypatch):
    monkeypatch.setattr(views, "today", lambda: DAY)


def text(response):
    return " ".join(response.content.decode().split())


def expect(tier="opus", lowest=0, highest=10, **fields):
    expected = ExpectedShare(tier=tier, lowest=lowest, highest=highest, **fields)
    expected.full_clean()
    expected.save()
    return expected


@pytest.fixture
def reported():
    """Eighty local requests and twenty of opus, which cost nearly all; nobody new asks opus."""
    report("local", requests=80, cost="1", human_ask_count=100)
    report("opus", requests=20, cost="9")


def test_nothing_is_expected_by_default(admin_client, reported):
    assert LEFT not in text(admin_client.get(ADDRESS))


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        ({}, "Opus: 20 % of requests, expected at most 10 %."),
        ({"tier": "local", "lowest": 85, "highest": 100}, "Local: 80 % of requests, expected at least 85 %."),
        ({"measure": "cost", "lowest": 5, "highest": 50}, "Opus: 90 % of cost, expected 5 to 50 %."),
        ({"measure": "asks", "lowest": 1, "highest": 100}, "Opus: 0 % of new asks of people, expected at least 1 %."),
        ({"tier": "haiku", "lowest": 5, "highest": 9}, "Haiku: 0 % of requests, expected 5 to 9 %."),
        ({"tier": "other", "lowest": 1, "highest": 9}, "Other models, by name: 0 % of requests, expected 1 to 9 %."),
    ],
    ids=["above", "below", "of cost", "of asks", "a tier that was never chosen", "other models"],
)
def test_a_share_outside_its_band_is_said(admin_client, reported, expected, words):
    expect(**expected)

    page = text(admin_client.get(ADDRESS))

    assert LEFT in page
    assert words in page


def test_a_share_within_its_band_is_shown_beside_it_alone(admin_client, reported):
    expect(lowest=20, highest=20)

    page = text(admin_client.get(ADDRESS))

    assert LEFT not in page
    assert '20 to 20 % <span class="quiet">of requests · it is 20 %' in page


def test_the_share_of_few_requests_says_nothing(admin_client):
    report("opus", requests=99)
    expect()

    assert LEFT not in text(admin_client.get(ADDRESS))


def test_what_is_expected_of_all_is_not_compared_with_a_part(admin_client, reported):
    expect()

    for part in ({"team": 1}, {"tier": "opus"}, {"tag": "nightly"}, {"model": "m"}, {"key": 1}):
        assert LEFT not in text(admin_client.get(ADDRESS, part)), part


def test_what_is_expected_of_a_team_is_compared_where_it_is_shown_alone(admin_client, client, django_user_model):
    team = Team.objects.create(name="Payments", slug="payments")
    report("opus", requests=200, team_id=team.pk)
    expect(team=team)
    manager = django_user_model.objects.create_user("ada")
    Membership.objects.create(user=manager, team=team, role="manager")

    assert LEFT not in text(admin_client.get(ADDRESS))
    assert LEFT in text(admin_client.get(ADDRESS, {"team": team.pk}))
    client.force_login(manager)
    assert LEFT in text(client.get(ADDRESS))


def test_what_is_expected_of_all_teams_is_not_told_to_who_sees_some(client, django_user_model, reported):
    manager = django_user_model.objects.create_user("ada")
    for number in (1, 2):
        team = Team.objects.create(name=f"Team {number}", slug=f"team-{number}")
        Membership.objects.create(user=manager, team=team, role="manager")
        report("opus", requests=200, team_id=team.pk)
    expect()
    client.force_login(manager)

    assert LEFT not in text(client.get(ADDRESS))


@pytest.mark.parametrize("fields", [{"lowest": 20, "highest": 10}, {"highest": 101}], ids=["upside down", "above all"])
def test_what_is_no_band_is_refused_by_form_and_database(fields):
    with pytest.raises(ValidationError):
        expect(**fields)
    with pytest.raises(IntegrityError), transaction.atomic():
        ExpectedShare.objects.create(tier="opus", **fields)


def test_a_share_has_one_band_for_all_teams_and_one_for_each():
    team = Team.objects.create(name="Payments", slug="payments")
    expect()
    expect(team=team)

    for same in ({}, {"team": team}):
        with pytest.raises(ValidationError, match="has its band already"):
            expect(**same)


def test_an_admin_sets_them_in_the_admin(admin_client):
    form = {"tier": "local", "measure": "requests", "lowest": "40", "highest": "70"}

    admin_client.post(reverse("admin:dashboard_expectedshare_add"), form)

    assert str(ExpectedShare.objects.get()) == "Local: 40 to 70 % of requests"
    assert "40 to 70 %" in text(admin_client.get(reverse("admin:dashboard_expectedshare_changelist")))
