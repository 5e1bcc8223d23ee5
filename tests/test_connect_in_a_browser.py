"""The page that points clients at the gateway, as a developer meets it: narrow and wide, by keyboard, by night."""

import pytest
from playwright.sync_api import expect

from smartgateway.keys.issuing import team_named
from tests.test_dashboard_in_a_browser import opened, sign_in


@pytest.fixture
def address(live_server, admin_user):
    team_named("core")
    return f"{live_server.url}/connect/"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1600, "light")])
def test_a_developer_makes_a_key_and_copies_a_set_up_by_keyboard(address, width, scheme):
    with opened(address, viewport={"width": width, "height": 900}, color_scheme=scheme) as (page, complaints):
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        sign_in(page)

        page.get_by_label("Where it is used").fill("my laptop")
        page.get_by_role("button", name="Make a key").press("Enter")
        secret = page.locator("#secret").text_content()
        page.get_by_role("button", name="Copy: Codex, ~/.codex/config.toml").press("Enter")
        expect(page.get_by_role("status")).to_have_text("Copied")
        copied = page.evaluate("navigator.clipboard.readText()")

        assert secret.startswith("sk-sg-")
        assert f'base_url = "{address.removesuffix("/connect/")}/v1"' in copied
        assert secret in page.locator("#codex-2").text_content()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert complaints == []
