"""The newest version's row was altered: the one before it is in force, on every page, and the way back stays open."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from routing import policies
from routing.models import PolicyVersion
from routing.policies import digest_of, draft_content
from smartgateway.workbench.backtest.model import Backtest

VERSIONS, PUBLISH, COMPARE = (reverse(f"workbench:{name}") for name in ("versions", "publish", "compare"))
BACKTEST, EVALUATE = reverse("workbench:backtest"), reverse("workbench:evaluate")
BROKEN = "Policy 2 is not what was published: its digest differs"


@pytest.fixture(autouse=True)
def broken(first):
    """Version 2 bears the digest of version 1, and holds something else."""
    content = {**first.content, "thresholds": {**first.content["thresholds"], "opus_score_threshold": 0.9}}
    return PolicyVersion.objects.create(number=2, content=content, digest=first.digest, note="altered")


def text(response):
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def version(number):
    return reverse("workbench:version", args=[number])


def roll_back(client, number):
    return client.post(reverse("workbench:roll_back", args=[number]), {"newest": 2}, follow=True)


def test_the_list_says_which_one_is_in_force_and_offers_the_way_back(admin_client):
    page = text(admin_client.get(VERSIONS))

    assert "The newest version is not in force" in page
    assert f"{BROKEN}. Version 1 is the last good one, and routes." in page
    assert '>1</a><span class="note">in force</span>' in page
    assert '>2</a><span class="note">cannot be loaded</span>' in page
    assert reverse("workbench:roll_back", args=[1]) in page
    assert reverse("workbench:roll_back", args=[2]) not in page


def test_rolling_back_to_the_good_one_mends_it(admin_client, first):
    page = text(roll_back(admin_client, 1))

    assert "Version 3 says what version 1 said" in page
    assert PolicyVersion.objects.newest().content == first.content
    page = text(admin_client.get(VERSIONS))
    assert "not in force" not in page
    assert '>2</a><span class="note">cannot be loaded</span>' in page
    assert reverse("workbench:roll_back", args=[2]) not in page


def test_a_broken_version_is_not_rolled_back_to(admin_client):
    page = text(roll_back(admin_client, 2))

    assert "No process could load it" in page
    assert PolicyVersion.objects.count() == 2


def test_a_draft_follows_the_way_back_where_nothing_waited_in_it(admin_client, change):
    roll_back(admin_client, 1)
    assert digest_of(draft_content()) == PolicyVersion.objects.newest().digest

    change()

    assert "0.5 → 0.75" in text(admin_client.get(PUBLISH))


def test_a_draft_can_be_published_over_it_and_differs_from_what_is_in_force(admin_client, change, seen):
    change()

    shown = text(admin_client.get(PUBLISH))
    admin_client.post(PUBLISH, {"note": "On", "seen_digest": seen()})

    assert "Version 1 is in force." in shown
    assert "What changes against version 1" in shown
    assert "0.5 → 0.75" in shown
    assert policies.in_force().number == 3


def test_its_page_says_why_it_cannot_be_loaded_and_shows_nothing_of_its_row(admin_client):
    page = text(admin_client.get(version(2)))

    assert BROKEN in page
    assert "opus_score_threshold" not in page
    assert "Roll back" not in page
    assert "in force" not in page


def test_the_good_one_is_in_force_on_its_page_and_the_next_one_told_against_it(admin_client, change):
    assert '<span class="tag tier-local">in force</span>' in text(admin_client.get(version(1)))

    change()
    policies.publish("On")

    assert "Against version 1" in text(admin_client.get(version(3)))


@pytest.mark.parametrize("content", [[], {}, {"phrases": 7}, {"mode": "local_first"}, "policy"], ids=range(5))
def test_whatever_its_row_holds_pages_open(admin_client, content):
    PolicyVersion.objects.create(number=3, content=content, digest=digest_of(content), note="worse")

    for address in (VERSIONS, version(3), PUBLISH, BACKTEST, EVALUATE, COMPARE, f"{COMPARE}?from=3&to=2"):
        assert "Server Error" not in text(admin_client.get(address))


def test_it_is_compared_with_nothing(admin_client):
    page = text(admin_client.get(COMPARE, {"from": "1", "to": "2"}))

    assert BROKEN in page
    assert "opus_score_threshold" not in page
    assert "They say the same." in text(admin_client.get(COMPARE))


@pytest.mark.parametrize("name", ["version_file", "reset"])
def test_it_is_neither_exported_nor_loaded(admin_client, name):
    address = reverse(f"workbench:{name}", args=[2])

    answer = admin_client.get(address) if name == "version_file" else admin_client.post(address)

    assert answer.status_code == 404


def test_it_is_not_tried_on_requests(admin_client):
    page = text(admin_client.post(reverse("workbench:backtest_begin"), {"policy": "2"}))
    preview = text(admin_client.get(reverse("workbench:backtest_preview"), {"policy": "2"}))

    assert f'<span class="error" role="alert">{BROKEN}.</span>' in page
    assert '<option value="1">Version 1, in force</option>' in page
    assert BROKEN in preview
    assert not Backtest.objects.exists()


def test_it_is_not_evaluated(admin_client):
    file = SimpleUploadedFile("rows.jsonl", b"{}")

    page = text(admin_client.post(EVALUATE, {"policy": "2", "file": file}))

    assert BROKEN in page
    assert "Version 1, in force" in page
