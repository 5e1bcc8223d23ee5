"""Prompt text in a whole gateway: none anywhere while the switch is off, in its own table alone once it is on."""

import itertools

import httpx
import pytest

from tests.doubles.ollama import OllamaDouble
from tests.doubles.serving import serving
from tests.gateway import KEY, Gateway, wait_until

SWITCH = "from smartgateway.keys.models import Team; team = Team.objects.get(); team.is_text_recorded = {}; team.save()"
BEFORE, DURING, AFTER = "zqbefore", "zqduring", "zqafter"


def asked(gateway, word):
    """Ask, and wait until it is in the tables; whether its text is."""
    body = {"messages": [{"role": "user", "content": f"What is {word}?"}]}
    answer = httpx.post(
        f"{gateway.url}/v1/chat/completions", json=body, headers={"authorization": f"Bearer {KEY}"}, timeout=60
    )
    assert answer.status_code == 200, answer.text
    gateway.outcome(answer.headers["x-smartgateway-decision-id"])
    return bool(gateway.rows(f"SELECT 1 FROM audit_prompttext WHERE head LIKE '%{word}%'"))


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    """Every place where a word could be, after asks with the switch off, on, and off again."""
    folder = tmp_path_factory.mktemp("text")
    with serving(OllamaDouble()) as url, (folder / "log").open("wb") as log:
        gateway = Gateway(folder, LOCAL_LLM_BASE_URL=url, LOG_LEVEL="DEBUG")
        gateway.prepare()
        gateway.lift_limits()
        gateway.start(output=log)
        try:
            assert not asked(gateway, BEFORE)
            gateway.manage("shell", "-c", SWITCH.format(True))
            wait_until(lambda: asked(gateway, DURING), "text is recorded")
            gateway.manage("shell", "-c", SWITCH.format(False))
            numbers = itertools.count()
            wait_until(lambda: not asked(gateway, f"{DURING}-{next(numbers)}"), "no more is")
            assert not asked(gateway, AFTER)
        finally:
            assert gateway.stop() == 0
        names = [name for (name,) in gateway.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
        tables = {name: repr(gateway.rows(f'SELECT * FROM "{name}"')) for name in names}
        verified = gateway.verified()
    return {**tables, "log": (folder / "log").read_text(errors="replace"), "verified": verified}


def places_of(left, word):
    return {name for name, content in left.items() if word in str(content)}


@pytest.mark.parametrize("word", [BEFORE, AFTER])
def test_with_the_switch_off_what_was_asked_is_nowhere(left, word):
    assert places_of(left, word) == set()


def test_with_the_switch_on_it_is_in_its_own_table_alone(left):
    assert places_of(left, DURING) == {"audit_prompttext"}


def test_the_record_is_proven_with_text_beside_it(left):
    assert left["verified"]["routingdecisions"] >= 4
