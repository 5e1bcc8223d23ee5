"""The dashboard as a reader meets it: in a browser, narrow and wide, by night, under its strict policy."""

import re
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect, sync_playwright

from audit.reports import today
from smartgateway.dashboard.tests.rows import decision, outcome, report
from smartgateway.local.tests.processes import eventually

ARGUMENTS = ["--no-sandbox", "--headless=new", "--disable-gpu", "--disable-background-networking"]
TIMEOUT_MS = 15_000
WIDER_THAN_CARD = "found => found.filter(each => each.scrollWidth > each.closest('.card').clientWidth).length"


@contextmanager
def opened(address, **context):
    """A page in the system's chromium, and what it complained of meanwhile."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        page = browser.new_page(**context)
        page.set_default_timeout(TIMEOUT_MS)
        complaints = []
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address)
        yield page, complaints
        browser.close()


def sign_in(page):
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password").fill("password")
    page.get_by_role("button", name="Sign in").click()


@pytest.fixture
def address(live_server, admin_user):
    """A site with a day of requests, of which a fifth of the money was lost."""
    report("local", requests=60, day=today(), baseline="1")
    report("opus", requests=40, day=today(), cost="6", baseline="4")
    outcome(decision(tier="local", key_name="ada's laptop"), served_tier="haiku", served_model="claude-haiku-5-5")
    return f"{live_server.url}/dashboard/"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1600, "light")])
def test_a_manager_signs_in_and_reads_the_day(address, width, scheme):
    with opened(address, viewport={"width": width, "height": 900}, color_scheme=scheme) as (page, complaints):
        sign_in(page)

        expect(page.get_by_text("Spent more than as requested")).to_be_visible()
        expect(page.get_by_text("−$1.00").first).to_be_visible()
        expect(page.get_by_role("row", name=re.compile("Local.*60"))).to_be_visible()
        page.wait_for_load_state()
        assert eventually(lambda: page.evaluate("Chart.getChart('trend-chart')?.data.datasets.length") == 2)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.get_by_role("link", name="Decisions").click()
        expect(page.get_by_text("ada's laptop")).to_be_visible()
        page.wait_for_load_state()  # before its script runs, a click is an ordinary link's
        page.locator(".time a").first.click()
        expect(page.get_by_text("This request went to the team's own model")).to_be_visible()
        assert page.url.endswith("/decisions/")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert complaints == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("spent", ["0.0068", "0.06", "7"])
def test_no_two_labels_of_the_chart_say_the_same_amount_however_little_it_is(live_server, admin_user, spent):
    report("opus", requests=19, day=today(), cost=spent, baseline=spent)

    with opened(f"{live_server.url}/dashboard/") as (page, complaints):
        sign_in(page)
        page.wait_for_load_state()
        ticks = "Chart.getChart('money-chart')?.scales.y.ticks.map((tick) => tick.label) ?? []"
        assert eventually(lambda: page.evaluate(ticks))  # what polls inside the page is eval, which its policy forbids
        labels = page.evaluate(ticks)

    assert len(labels) == len(set(labels)) > 2
    assert complaints == []


@pytest.mark.django_db(transaction=True)
def test_the_period_and_the_table_are_reached_by_keyboard(address):
    with opened(address) as (page, complaints):
        sign_in(page)

        page.get_by_role("link", name="Last 7 days").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Last 7 days")).to_be_visible()
        page.get_by_text("As a table, with cost").focus()
        page.keyboard.press("Enter")

        expect(page.get_by_role("row", name=re.compile("60 0 0 40"))).to_be_visible()
        assert page.url.endswith("?period=week")
        assert complaints == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("page_name", ["", "statement/"])
def test_large_figures_with_all_that_is_said_beside_them_fit_a_narrow_screen(address, page_name):
    unknown = {f"{name}_count": 1_234 for name in ("unknown_cost", "unsaved_requested", "unknown_opus", "unsaved_opus")}
    for tier in ("local", "haiku", "sonnet", "opus", ""):
        report(tier, requests=116_137, day=today(), cost="72410.77", baseline="98765", key_name="review bot", **unknown)

    with opened(address, viewport={"width": 360, "height": 900}) as (page, complaints):
        sign_in(page)
        page.goto(f"{address}{page_name}?period=today")

        expect(page.get_by_text("without 6,170").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert complaints == []


A4 = {"width": 688, "height": 1017}  # within its margins, in the browser's pixels


@pytest.mark.django_db(transaction=True)
def test_a_statement_prints_dark_on_white_within_its_margins_and_without_what_is_to_be_clicked(address):
    for number in range(12):
        team = {"team_id": 7 + number, "team_name": f"A team of a rather long name, number {number}"}
        report("", requests=3, day=today(), cost="1.25", baseline="2", served_model="claude-fable-5-2", **team)

    with opened(address, color_scheme="dark", viewport=A4) as (page, complaints):
        sign_in(page)
        page.goto(f"{address}statement/?period=today")
        page.emulate_media(media="print")

        expect(page.get_by_role("heading", name="Statement, Today")).to_be_visible()
        for gone in (page.locator("header.bar"), page.get_by_text("Back to the dashboard")):
            expect(gone).to_be_hidden()
        assert page.evaluate("document.documentElement.scrollWidth") <= A4["width"]
        assert page.evaluate("getComputedStyle(document.body).color") == "rgb(21, 33, 31)"
        assert page.locator("table").evaluate_all(WIDER_THAN_CARD) == 0
        assert len(re.findall(rb"/Type\s*/Page\b", page.pdf())) in (1, 2, 3)
        assert complaints == []
