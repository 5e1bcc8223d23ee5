import pytest

from routing import policies
from routing.models import PolicyVersion

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _first_policy():
    policies.forget()
    policies.load_defaults()
    policies.current()
    yield
    policies.forget()


def ready(client):
    return client.get("/health/ready").json()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param({"mode": "local_first"}, "policy 2 cannot be read", id="half of a policy"),
        pytest.param(None, "its digest differs", id="a policy that was altered"),
    ],
)
def test_a_published_policy_that_cannot_be_loaded_is_named_and_the_last_good_one_serves(client, content, reason):
    digest = policies.digest_of(content) if content else "0" * 64
    PolicyVersion.objects.create(number=2, content=content or {}, digest=digest, note="broken")

    policies.refresh()

    assert any(reason in trouble for trouble in ready(client)["troubles"])
    assert policies.current().version == 1


def test_a_good_version_ends_the_trouble(client):
    PolicyVersion.objects.create(number=2, content={"mode": "local_first"}, digest="0" * 64, note="broken")
    policies.refresh()

    policies.roll_back(1)
    policies.refresh()

    assert not any("policy" in trouble for trouble in ready(client)["troubles"])
    assert policies.current().version == 3
