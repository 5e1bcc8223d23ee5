"""An admin changes the policy, and every serving process follows."""

import re

import httpx
import pytest

from tests.doubles.ollama import OllamaDouble
from tests.doubles.serving import serving
from tests.gateway import KEY, running, wait_until

ADMIN, PASSWORD = "admin", "an-admin-for-tests"
ASK = {"model": "team-fast", "messages": [{"role": "user", "content": "hello"}]}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with (
        serving(OllamaDouble()) as local_url,
        running(tmp_path_factory.mktemp("gateway"), LOCAL_LLM_BASE_URL=local_url, WEB_CONCURRENCY="2") as served,
    ):
        yield served


@pytest.fixture
def browser(served):
    """Signed in to the admin."""
    with httpx.Client(base_url=served.url, follow_redirects=True, timeout=60) as browser:
        submit(browser, "/admin/login/", username=ADMIN, password=PASSWORD)
        yield browser


def submit(browser, address, **values):
    """Fills in a page's form, with what is hidden in it."""
    page = browser.get(address).text
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
    answer = browser.post(address, data={**hidden, **values}, headers={"referer": str(browser.base_url)})
    assert answer.status_code == 200
    return answer.text


def statuses(served):
    """Of connections of their own, so that each serving process is met."""
    asked = (httpx.post(f"{served.url}/v1/route", json=ASK, headers={"x-api-key": KEY}, timeout=60) for _ in range(8))
    return {answer.status_code for answer in asked}


def test_a_draft_decides_nothing_until_it_is_published_and_then_everywhere(served, browser):
    submit(browser, "/admin/routing/modelalias/add/", pattern="team-*", target="local")
    drafted = statuses(served)

    shown = submit(browser, "/workbench/publish/", note="A name for the team's own model")

    assert drafted == {404}
    assert "Version 2 is published" in shown
    wait_until(lambda: statuses(served) == {200}, "every process serves version 2")
