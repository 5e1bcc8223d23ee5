import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from kombu.exceptions import OperationalError

from audit.ids import id_at
from audit.models import DailyReport, ReportDay
from smartgateway.celery import app
from smartgateway.dashboard import views
from smartgateway.dashboard.tests.rows import DAY, NOW, decision, outcome, report
from smartgateway.keys.models import Membership, Team

pytestmark = pytest.mark.django_db
ADDRESS = reverse("dashboard:overview")
TASK = "audit.tasks.rebuild_daily_report_task"


@pytest.fixture(autouse=True)
def _today(monkeypatch):
    monkeypatch.setattr(views, "today", lambda: DAY)


@pytest.fixture
def team():
    return Team.objects.create(name="Payments", slug="payments")


@pytest.fixture
def signed_in(client, team):
    """Signs in a member of the team with the role."""

    def sign_in(role):
        user = User.objects.create_user("ada", password="a-long-password")
        Membership.objects.create(user=user, team=team, role=role)
        client.force_login(user)
        return client

    return sign_in


def text(response):
    return " ".join(response.content.decode().split())


def test_nobody_reads_figures_without_signing_in(client):
    response = client.get(ADDRESS)

    assert response.status_code == 302
    assert response.url == f"{reverse('dashboard:sign_in')}?next={ADDRESS}"


def test_a_manager_who_is_no_staff_can_sign_in_and_lands_on_the_figures(client, team):
    user = User.objects.create_user("ada", password="a-long-password")
    Membership.objects.create(user=user, team=team, role="manager")

    response = client.post(
        reverse("dashboard:sign_in"), {"username": "ada", "password": "a-long-password"}, follow=True
    )

    assert response.redirect_chain[-1][0] == ADDRESS
    assert response.status_code == 200


def test_a_wrong_password_is_said_without_saying_which_part(client):
    response = client.post(reverse("dashboard:sign_in"), {"username": "ada", "password": "wrong"})

    assert "do not fit together" in text(response)


def test_a_developer_is_told_why_there_is_nothing_to_see(signed_in):
    response = signed_in("developer").get(ADDRESS)

    assert response.status_code == 403
    assert "for managers and admins" in text(response)


def test_a_manager_reads_the_own_team_alone(signed_in, team):
    report("sonnet", requests=7, cost="1.50", baseline="4", team_id=team.pk)
    report("opus", requests=5000, cost="900", baseline="1000", team_id=team.pk + 1)

    page = text(signed_in("manager").get(ADDRESS))

    assert "$2.50" in page
    assert "Payments. 23 November 2026" in page
    assert "$900" not in page


def test_an_admin_reads_every_team(signed_in, team):
    report("opus", requests=5000, cost="900", baseline="1000", team_id=team.pk + 1)

    page = text(signed_in("admin").get(ADDRESS))

    assert "<dd>$100.00</dd>" in page
    assert "10 % of the $1,000" in page
    assert "All teams." in page


def test_a_loss_is_shown_as_one(admin_client):
    report("opus", cost="9", baseline="3")

    page = text(admin_client.get(ADDRESS))

    assert "Spent more than as requested" in page
    assert '<dd class="loss">−$6.00</dd>' in page
    assert "200 % above the $3.00" in page


def test_a_model_of_which_no_cost_is_known_says_so_and_is_not_free(admin_client):
    report("opus", served_model="claude-new", unknown_cost_count=10, unsaved_requested_count=10)
    report("local", served_model="qwen")

    groups = {group.title: group for group in admin_client.get(ADDRESS).context["figures"].models}

    assert (groups["claude-new"].known_cost, groups["claude-new"].known_saved) == (None, None)
    assert groups["qwen"].known_cost == 0


def test_unknown_costs_are_loud(admin_client):
    report("opus", cost="9", unknown_cost_count=3)

    assert "3 requests without a known cost" in text(admin_client.get(ADDRESS))


@pytest.mark.parametrize("page", ["overview", "statement"])
def test_beside_each_sum_stands_how_many_requests_it_leaves_out(admin_client, page):
    report("opus", cost="1", baseline="4", requests=99, unknown_opus_count=5, unsaved_opus_count=7)
    DailyReport.objects.update(unknown_local_count=6, unsaved_requested_count=2, unknown_baseline_count=1)

    shown = text(admin_client.get(reverse(f"dashboard:{page}"), {"period": "today"}))

    opus = shown[shown.index("All Opus") : shown.index("Keyword mode")]
    assert opus.index("without 5</span>") < opus.index("without 7</span>")
    assert "without 6 of which that is unknown" in shown
    assert "without 1</span>" in shown
    assert "without 2</span>" in shown


def test_a_model_that_is_free_is_not_unknown_because_of_one_request(admin_client):
    report("local", served_model="qwen", requests=10, unknown_cost_count=1)

    page = text(admin_client.get(ADDRESS))

    assert '$0.00 <span class="quiet wide">0 %</span><span class="note">without 1</span>' in page


def test_a_day_without_a_report_says_what_to_do(admin_client):
    decision()

    page = text(admin_client.get(ADDRESS))

    assert "No report of this period has been built yet" in page
    assert "rebuild_reports --from 2026-11-23 --to 2026-11-23" in page


def test_before_the_first_request_it_says_how_to_send_one(admin_client):
    page = text(admin_client.get(ADDRESS))

    assert "No requests in this period" in page
    assert "http://testserver/v1/chat/completions" in page


@pytest.mark.parametrize(("asked", "shown"), [("week", "Last 7 days"), ("yesterday", "Yesterday"), ("never", "Today")])
def test_the_period_stands_in_the_address(admin_client, asked, shown):
    assert f"<h1>{shown}</h1>" in text(admin_client.get(ADDRESS, {"period": asked}))


def test_what_a_client_sent_is_text_and_nothing_else(admin_client):
    report("", served_model="<script>alert(1)</script>")

    assert "<script>alert" not in text(admin_client.get(ADDRESS))


@pytest.mark.parametrize("name", ["overview", "sign_in"])
def test_pages_allow_nothing_inline_and_nothing_from_elsewhere(client, name):
    policy = client.get(reverse(f"dashboard:{name}")).headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


PAGES = ["overview", "statement", "export"]


@pytest.mark.parametrize("name", PAGES)
def test_figures_come_from_reports_alone_in_few_queries(admin_client, name):
    for _ in range(25):
        report("local")
        report("opus", tag="ci")

    with CaptureQueriesContext(connection) as queries:
        admin_client.get(reverse(f"dashboard:{name}"), {"period": "week", "tag": "ci"})

    asked = " ".join(query["sql"] for query in queries)
    assert not re.search("audit_(routingdecision|attempt|outcome|refusal)", asked)
    assert len(queries) < 24


@pytest.mark.parametrize("name", PAGES)
def test_a_manager_of_one_team_gets_nothing_of_another_by_asking_for_it(signed_in, team, name):
    report("opus", cost="900", team_id=team.pk + 1, team_name="Search", key_name="theirs")

    page = text(signed_in("manager").get(reverse(f"dashboard:{name}"), {"team": team.pk + 1, "period": "today"}))

    assert "900" not in page
    assert "theirs" not in page


@pytest.mark.parametrize("name", PAGES)
def test_a_developer_reads_no_figures_by_any_door(signed_in, name):
    assert signed_in("developer").get(reverse(f"dashboard:{name}")).status_code == 403


@pytest.mark.parametrize("page", ["overview", "statement"])
def test_what_the_figures_are_narrowed_to_is_said_in_words(admin_client, page):
    made = report("opus", team_id=7, team_name="Payments", key_name="laptop")
    asked = {"period": "today", "team": 7, "key": made.key_id, "tier": "opus"}

    assert "All teams, only team Payments, key laptop, tier Opus." in text(
        admin_client.get(reverse(f"dashboard:{page}"), asked)
    )


def test_agents_are_shown_apart_and_are_one_click_away(admin_client):
    report("opus", requests=4, is_agentic=True)
    report("local", requests=9)

    whole = text(admin_client.get(ADDRESS, {"period": "today"}))
    page = admin_client.get(ADDRESS, {"period": "today", "kind": "agents"})

    assert "?period=today&amp;kind=agents" in whole
    assert "only asked by Agents." in text(page)
    assert page.context["figures"].total["request_count"] == 4
    assert admin_client.get(ADDRESS, {"kind": "chats"}).context["figures"].total["request_count"] == 9


def test_figures_are_told_apart_by_policy_version_and_lead_to_its_decisions(admin_client):
    report("local", requests=30, policy_version=9)
    report("local", requests=10, policy_version=10)

    page = text(admin_client.get(ADDRESS, {"tier": "local"}))

    newest, older = (
        page.index(f"?version={number}&amp;from=2026-11-23&amp;to=2026-11-23&amp;tier=local") for number in (10, 9)
    )
    assert newest < older
    assert '30 <span class="quiet wide">75 %</span>' in page


def test_each_policy_version_shows_its_distribution_and_leads_an_admin_to_what_it_says(admin_client):
    report("local", requests=12, policy_version=2)
    report("", requests=1, policy_version=2)
    report("sonnet", requests=12, policy_version=1)

    page = text(admin_client.get(ADDRESS))

    newest, older = page[page.index("version 2<") :].split("version 1<", 1)
    assert re.findall(r"tag tier-\w+", newest) == ["tag tier-local", "tag tier-other"]
    assert "local 12" in newest
    assert "sonnet 12" in older
    assert reverse("workbench:version", args=[2]) in newest
    assert reverse("workbench:evidence") in page


def test_who_is_no_admin_is_not_led_to_the_workbench(signed_in, team):
    report("local", policy_version=2, team_id=team.pk)

    page = text(signed_in("manager").get(ADDRESS))

    assert "version 2" in page
    assert reverse("workbench:version", args=[2]) not in page
    assert reverse("workbench:evidence") not in page


def test_a_sign_of_trouble_leads_to_its_decisions(admin_client):
    report("local", repeated_ask_count=3)

    assert 'decisions/?sign=again&amp;from=2026-11-23&amp;to=2026-11-23">3</a>' in text(admin_client.get(ADDRESS))


def test_a_statement_says_what_was_spent_and_saved_in_last_month(admin_client):
    report("sonnet", requests=7, cost="1.50", baseline="4", day=date(2026, 10, 9))

    page = text(admin_client.get(reverse("dashboard:statement")))

    assert "Statement, October 2026" in page
    assert "$2.50" in page


def test_an_admin_builds_days_anew_and_a_manager_does_not(admin_client, signed_in):
    outcome(decision(id=id_at(NOW)))
    days = {"from": "2026-11-23", "to": "2026-11-23"}

    response = admin_client.post(reverse("dashboard:rebuild"), days)

    assert "The day is built anew." in text(admin_client.get(response.url))
    assert DailyReport.objects.get().request_count == 1
    assert signed_in("manager").post(reverse("dashboard:rebuild"), days).status_code == 403


@pytest.mark.parametrize(("trouble", "status"), [(None, 302), (OperationalError("refused"), 503)], ids=["well", "away"])
def test_several_days_are_left_to_a_worker_of_the_gateways_own_queue(admin_client, monkeypatch, trouble, status):
    queued = []

    def publish(self, name, args, kwargs, **options):
        if trouble:
            raise trouble
        queued.append((name, kwargs))

    monkeypatch.setitem(app.conf, "task_always_eager", False)
    monkeypatch.setattr(type(app), "send_task", publish)

    days = {"from": "2026-11-21", "to": "2026-11-23"}
    response = admin_client.post(reverse("dashboard:rebuild"), days)

    assert response.status_code == status
    assert queued == ([] if trouble else [(TASK, {"day": f"2026-11-{day}"}) for day in (21, 22, 23)])


def test_of_a_long_period_an_admin_builds_the_last_month_anew(admin_client, monkeypatch):
    monkeypatch.setitem(app.conf, "task_always_eager", True)
    report("local")
    days = {"from": DAY - timedelta(days=60), "to": DAY}

    page = text(admin_client.get(ADDRESS, days))
    response = admin_client.post(reverse("dashboard:rebuild"), days)

    assert "Build the last 31 of these days anew" in page
    assert ReportDay.objects.count() == 31
    assert "31 days are being built anew" in text(admin_client.get(response.url))


def test_a_manager_is_offered_no_button_to_build_with(signed_in, team):
    report("local", team_id=team.pk)

    assert "anew</button>" not in text(signed_in("manager").get(ADDRESS))


def test_the_filters_are_cleared_and_the_days_stay(admin_client):
    report("local", team_name="Payments")

    assert '<a href="/dashboard/?period=week">Clear</a>' in text(
        admin_client.get(ADDRESS, {"period": "week", "tier": "local"})
    )


def test_days_that_are_none_are_refused(admin_client):
    assert admin_client.post(reverse("dashboard:rebuild"), {"from": "x", "to": "2026-11-23"}).status_code == 400


def test_days_can_be_chosen_one_by_one(admin_client):
    page = text(admin_client.get(ADDRESS, {"from": "2026-11-02", "to": "2026-11-05"}))

    assert "<h1>2 November to 5 November 2026</h1>" in page


@pytest.mark.parametrize("page", ["overview", "statement", "export", "decisions"])
@pytest.mark.parametrize("days", [("0001-01-01", "0001-01-02"), ("9999-12-30", "9999-12-31"), ("x", "2026-02-30")])
def test_days_that_no_record_can_have_break_no_page(admin_client, page, days):
    asked = dict(zip(("from", "to"), days, strict=True))

    assert admin_client.get(reverse(f"dashboard:{page}"), {**asked, "team": 1}).status_code == 200


def test_where_no_request_fits_the_filters_the_way_back_is_shown(admin_client):
    report("local")

    page = text(admin_client.get(ADDRESS, {"period": "week", "tag": "nightly"}))

    assert "No requests fit these filters in this period" in page
    assert '?period=week">Show all requests of this period' in page


def test_savings_are_shown_with_their_interval(admin_client):
    report("local", baseline="4", saved_requested_high=Decimal("6"))

    page = text(admin_client.get(ADDRESS))

    assert "The low end: it may be up to $6.00" in page
    assert "to $6.00</span>" in page


@pytest.mark.parametrize(
    ("cost", "high", "words"),
    [
        ("5.2", "3.4", "between $1.20 lost and $3.40 saved"),
        ("5.2", "-0.5", "At best it is $0.50 more."),
        ("5.2", "-1.2", "30 % above the $4.00 that it would have cost. After"),
    ],
    ids=["from a loss to a gain", "a loss at both ends", "a loss without an interval"],
)
def test_a_loss_reads_well_with_every_interval(admin_client, cost, high, words):
    report("local", baseline="4", cost=cost)
    DailyReport.objects.update(saved_requested_high=Decimal(high))

    assert words in text(admin_client.get(ADDRESS))


@pytest.mark.parametrize(("a_month", "shown"), [(0.0, "is not said"), (304.375, "costs $10.00 in these days")])
def test_what_the_local_machine_costs_stands_beside_what_its_answers_replaced(admin_client, settings, a_month, shown):
    settings.LOCAL_MONTHLY_COST = a_month
    report("local", local_baseline=Decimal("3.25"))

    page = text(admin_client.get(ADDRESS))

    assert "$3.25" in page
    assert shown in page


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1, ("1 time ·", "1 answer from its cache", "1 time the same", "1 time a higher", "1 turn with", "its end")),
        (
            2,
            (
                "2 times ·",
                "2 answers from its cache",
                "2 times the same",
                "2 times a higher",
                "2 turns with",
                "their end",
            ),
        ),
    ],
    ids=["one", "many"],
)
def test_one_is_told_as_one(admin_client, number, words):
    names = ("classifier", "classifier_hit", "repeated_ask", "raised", "repeated_tool", "cancelled_stream")
    names += ("human_ask", "housekeeping", "fallback", "bypassed", "weighed")
    report("local", requests=number, **{f"{name}_count": number for name in names})

    page = " ".join(re.sub("<[^>]+>", " ", text(admin_client.get(ADDRESS))).split())

    ending = "" if number == 1 else "s"
    more = (f"{number} new ask{ending} of people", f"{number} request{ending} that they weighed")
    more += (f"{number} request{ending} that the chosen", f"Past routing in all {number} request{ending} for")
    for each in (*words, *more):
        assert each in page, each
