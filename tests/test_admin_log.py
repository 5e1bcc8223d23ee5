"""Whatever an admin can change in the admin stays on record."""

import pytest
from django.contrib import admin
from django.test import RequestFactory

from routing.admin.logged import LoggedAdmin

# Their button leads to a page that keeps its own account
PUBLISHED_ELSEWHERE = {"PolicyVersion"}


def test_every_page_on_which_something_can_be_done_is_a_logged_one(admin_user):
    request = RequestFactory().get("/")
    request.user = admin_user

    silent = {
        model.__name__
        for model, page in admin.site._registry.items()
        if can_do_something(page, request) and not isinstance(page, LoggedAdmin)
    }

    assert silent == PUBLISHED_ELSEWHERE


def can_do_something(page, request):
    buttons = [*page.actions_list, *page.actions_row, *page.actions_detail, *page.actions_submit_line, *page.actions]
    return any(page.get_model_perms(request)[name] for name in ("add", "change", "delete")) or bool(buttons)


@pytest.mark.parametrize("name", ["Threshold", "Team", "User", "ExpectedShare"])
def test_what_can_be_edited_is_seen_as_such(admin_user, name):
    request = RequestFactory().get("/")
    request.user = admin_user
    page = next(page for model, page in admin.site._registry.items() if model.__name__ == name)

    assert can_do_something(page, request)
