"""Published versions, and what waits for the next one."""

import pytest

from routing import policies
from routing.models import PolicyVersion, Threshold
from routing.tests.admin.pages import page, text

pytestmark = pytest.mark.usefixtures("bootstrapped")


def change_threshold(value=0.75):
    Threshold.objects.filter(name="opus_score_threshold").update(value=value)


def test_a_published_version_can_only_be_read(admin_client):
    version = PolicyVersion.objects.get()

    assert admin_client.get(page(PolicyVersion, "add")).status_code == 403
    assert admin_client.post(page(PolicyVersion, "change", version.pk), {"note": "x"}).status_code == 403
    assert admin_client.post(page(PolicyVersion, "delete", version.pk), {"post": "yes"}).status_code == 403


def test_the_draft_says_what_waits_to_be_published(admin_client):
    assert "equals the published policy" in text(admin_client.get(page(Threshold)))

    change_threshold()

    assert "1 change of the draft waits to be published" in text(admin_client.get(page(Threshold)))


def test_a_version_tells_what_it_changed(admin_client):
    change_threshold()
    version = policies.publish("Fewer opus")

    shown = text(admin_client.get(page(PolicyVersion, "change", version.pk)))

    assert "Threshold opus_score_threshold: 0.5 → 0.75." in shown


def test_the_list_of_versions_marks_the_one_in_force_without_a_query_for_each(
    admin_client, django_assert_max_num_queries
):
    for value in (0.6, 0.7, 0.8):
        change_threshold(value)
        policies.publish(f"{value}")

    with django_assert_max_num_queries(8):
        rows = admin_client.get(page(PolicyVersion)).context["cl"].result_list

    assert [row.is_served for row in rows] == [True, False, False, False]


def test_a_version_that_no_process_can_load_is_not_in_force_and_says_why(admin_client):
    broken = PolicyVersion.objects.create(number=2, content={"thresholds": 7}, digest="none", note="Altered")

    rows = admin_client.get(page(PolicyVersion)).context["cl"].result_list
    shown = text(admin_client.get(page(PolicyVersion, "change", broken.pk)))

    assert [(row.number, row.is_served) for row in rows] == [(2, False), (1, True)]
    assert "No process can load it" in shown
