"""The story of a tuning, in a browser: from the dearest doubts to a published policy, and back.

`python -m tests.tuning` renews its pictures in docs/images/tuning.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Page, expect, sync_playwright

from tests.doubles.anthropic import AnthropicDouble
from tests.doubles.ollama import OllamaDouble
from tests.doubles.serving import serving
from tests.gateway import KEY, PATIENCE_SECONDS, Gateway, wait_until

PICTURES = Path(__file__).parent.parent / "docs" / "images" / "tuning"
PASSWORD = "an-admin-for-tests"
SWITCH_TEXT_ON = "from smartgateway.keys.models import Team; Team.objects.update(is_text_recorded=True)"
DOUBTFUL = "Draft the changelog entry for our release {}: {}"
PHRASE, LIST, THRESHOLD = "changelog entry", "Simple tasks", "opus_score_threshold"
DOUBTS = 12
ARGUMENTS = ["--no-sandbox", "--headless=new", "--disable-gpu", "--disable-background-networking"]
Picture = Callable[[str], None]


@contextmanager
def asked_gateway(folder: Path) -> Iterator[Gateway]:
    """A gateway between doubles whose only team keeps what is asked, after some doubtful requests and a plain one."""
    with serving(AnthropicDouble()) as claude, serving(OllamaDouble()) as local:
        variables = {"ANTHROPIC_API_KEY": "sk-ant-test", "ANTHROPIC_BASE_URL": claude, "LOCAL_LLM_BASE_URL": local}
        prepared = Gateway(folder, **variables)
        prepared.prepare()
        prepared.manage("shell", "-c", SWITCH_TEXT_ON)
        prepared.start()
        try:
            for number in range(DOUBTS):
                ask(prepared, doubt(number))
            ask(prepared, "what is a monad")
            yield prepared
        finally:
            prepared.stop()


def doubt(number: int) -> str:
    """Each longer, and so dearer, than the one before."""
    return DOUBTFUL.format(number, "the importer keeps the order of rows. " * (1 + number))


def ask(gateway: Gateway, text: str) -> str:
    """The tier that answers, once the request is in the database."""
    body = {"model": "auto", "messages": [{"role": "user", "content": text}]}
    answer = httpx.post(
        f"{gateway.url}/v1/chat/completions", json=body, headers={"x-api-key": KEY}, timeout=PATIENCE_SECONDS
    )
    assert answer.status_code == 200, answer.text
    gateway.outcome(answer.headers["x-smartgateway-decision-id"])
    return answer.headers["x-smartgateway-tier"]


@contextmanager
def browser_page(**context: Any) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        page = browser.new_page(**context)
        page.set_default_timeout(PATIENCE_SECONDS * 1000)
        expect.set_options(timeout=PATIENCE_SECONDS * 1000)
        yield page
        browser.close()


def sign_in(page: Page, gateway: Gateway) -> None:
    page.goto(f"{gateway.url}/dashboard/")
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def find_the_dearest_doubts(page: Page, picture: Picture) -> None:
    page.get_by_role("link", name="Workbench").click()
    page.get_by_role("link", name="Evidence").click()
    page.get_by_role("button", name="Sum up now").click()
    dearest = page.get_by_role("region", name="The ten most expensive ambiguous requests")
    expect(dearest.get_by_role("row")).to_have_count(11)
    expect(dearest.get_by_role("row").nth(1)).to_contain_text(doubt(DOUBTS - 1)[:60])
    picture("1-evidence")


def add_a_phrase(page: Page, picture: Picture) -> None:
    page.get_by_role("link", name="Versions", exact=True).click()
    page.get_by_role("link", name="Phrases", exact=True).click()
    page.get_by_role("link", name=LIST, exact=True).click()
    page.locator("textarea[name=paste]").fill(PHRASE)
    picture("2-phrase")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed successfully").first).to_be_visible()


def move_a_threshold(page: Page, picture: Picture) -> None:
    to_the_workbench(page)
    page.get_by_role("link", name="Thresholds", exact=True).click()
    page.get_by_role("link", name=THRESHOLD).click()
    page.get_by_label("Value").fill("0.6")
    picture("3-threshold")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed successfully").first).to_be_visible()


def to_the_workbench(page: Page) -> None:
    page.get_by_role("link", name="Workbench").first.click()
    expect(page.get_by_role("heading", name="Policy versions")).to_be_visible()


def backtest(page: Page, picture: Picture) -> None:
    to_the_workbench(page)
    page.get_by_role("link", name="Backtest", exact=True).click()
    page.get_by_label("Policy").select_option("draft")
    page.get_by_label("Days").select_option("today")
    page.get_by_role("button", name="Run the backtest").click()
    expect(page.get_by_text(f"{DOUBTS} of {DOUBTS + 1} requests")).to_be_visible()
    expect(page.get_by_text("Some that went to sonnet and would go to local")).to_be_visible()
    expect(page.get_by_text(f"by the new “{PHRASE}”").first).to_be_visible()
    picture("4-backtest")


def publish(page: Page, picture: Picture) -> None:
    page.get_by_role("link", name="Review and publish").click()
    page.get_by_label("Note").fill("Changelog entries are simple; opus only for the hardest")
    expect(page.get_by_text(f"{PHRASE}").first).to_be_visible()
    picture("5-publish")
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_text("Version 2 is published")).to_be_visible()


def see_it_move(page: Page, picture: Picture) -> None:
    """The day's report is built anew, whatever stood in it; then each version shows where its requests went."""
    page.get_by_role("link", name="Dashboard", exact=True).click()
    page.get_by_role("button", name="Build this day anew").click()
    expect(page.get_by_text("The day is built anew.")).to_be_visible()
    routed = page.get_by_role("region", name="How it was routed")
    expect(routed.get_by_role("row", name="version 2")).to_contain_text(f"local {DOUBTS}")
    expect(routed.get_by_role("row", name="version 2")).not_to_contain_text("sonnet")
    expect(routed.get_by_role("row", name="version 1")).to_contain_text("sonnet")
    routed.scroll_into_view_if_needed()
    picture("6-distribution")


def see_its_decisions(page: Page, picture: Picture) -> None:
    page.get_by_role("link", name="version 2", exact=True).click()
    expect(page.get_by_role("row", name=f"simple task, “{PHRASE}”")).to_have_count(DOUBTS)
    picture("7-decisions")


def roll_back(page: Page, picture: Picture) -> None:
    to_the_workbench(page)
    page.get_by_role("link", name="1", exact=True).click()
    page.get_by_role("button", name="Roll back").first.click()
    expect(page.get_by_text("Version 3 says what version 1 said")).to_be_visible()
    picture("8-rolled-back")


def tell(page: Page, gateway: Gateway, picture: Picture) -> None:
    sign_in(page, gateway)
    find_the_dearest_doubts(page, picture)
    add_a_phrase(page, picture)
    move_a_threshold(page, picture)
    backtest(page, picture)
    publish(page, picture)
    wait_until(lambda: ask(gateway, doubt(0)) == "local", "the new policy serves")
    assert {ask(gateway, doubt(number)) for number in range(1, DOUBTS)} == {"local"}
    see_it_move(page, picture)
    see_its_decisions(page, picture)
    roll_back(page, picture)
    wait_until(lambda: ask(gateway, doubt(0)) == "sonnet", "the old policy serves again")


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "smartgateway.settings"
    import_module("tests.environment")  # as the tests run
    PICTURES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        asked_gateway(Path(folder)) as gateway,
        browser_page(viewport={"width": 1280, "height": 900}) as page,
    ):
        tell(page, gateway, lambda name: shoot(page, name))


def shoot(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    page.screenshot(path=PICTURES / f"{name}.png")


if __name__ == "__main__":
    main()
