import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from audit.models import Feedback
from smartgateway.dashboard.tests.rows import decision

pytestmark = pytest.mark.django_db


def address(made):
    return reverse("dashboard:feedback", args=[made.pk])


def test_a_reader_says_what_an_answer_was_worth_and_everyone_who_reads_sees_it(admin_client):
    made = decision()

    response = admin_client.post(address(made), {"verdict": "too_weak", "comment": "forgot the tests"}, follow=True)

    page = response.content.decode()
    assert "too weak a model</span> forgot the tests" in page
    assert "admin, " in page


def test_a_second_click_takes_the_place_of_the_first(admin_client):
    made = decision()
    admin_client.post(address(made), {"verdict": "good"})

    admin_client.post(address(made), {"verdict": "bad"})

    assert Feedback.objects.get(decision_id=made.pk).verdict == "bad"


@pytest.mark.parametrize("said", [{}, {"verdict": "superb"}, {"verdict": "good", "comment": "x" * 501}], ids=range(3))
def test_what_no_button_sends_is_refused(admin_client, said):
    assert admin_client.post(address(decision()), said).status_code == 400


def test_a_manager_rates_no_answer_of_another_team(manager):
    theirs, ours = decision(team_id=manager.team.pk + 1), decision(team_id=manager.team.pk)

    assert manager.post(address(theirs), {"verdict": "good"}).status_code == 404
    assert manager.post(address(ours), {"verdict": "good"}).status_code == 302


def test_who_reads_no_figures_rates_nothing(client):
    made = decision()
    assert client.post(address(made), {"verdict": "good"}).status_code == 302

    client.force_login(User.objects.create_user("nobody"))

    assert client.post(address(made), {"verdict": "good"}).status_code == 403
    assert not Feedback.objects.exists()


def test_an_admin_finds_feedback_by_its_decision(admin_client):
    made, other = decision(), decision()
    for each in (made, other):
        admin_client.post(address(each), {"verdict": "good", "comment": f"of {each.pk}"})

    page = admin_client.get(reverse("admin:audit_feedback_changelist"), {"q": str(made.pk)}).content.decode()

    assert f"of {made.pk}" in page
    assert f"of {other.pk}" not in page


def test_what_is_no_id_finds_no_feedback(admin_client):
    admin_client.post(address(decision()), {"verdict": "good"})

    found = admin_client.get(reverse("admin:audit_feedback_changelist"), {"q": "no id"}).context["cl"]

    assert list(found.result_list) == []
