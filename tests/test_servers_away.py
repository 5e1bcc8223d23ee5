"""PostgreSQL and Valkey stopped, or hanging, behind a gateway that goes on."""

import os
import signal
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest

from smartgateway.local.tests.processes import descendants
from tests import gateway, services
from tests.doubles.anthropic import AnthropicDouble
from tests.doubles.serving import serving
from tests.gateway import KEY, wait_until

STRANGER = "sk-sg-nobody-knows-this-key-0123456789abcdefghijklmnop"
FACES = {
    "/v1/chat/completions": lambda body: body["error"]["code"],
    "/v1/messages": lambda body: body["error"]["type"],
}


class Servers:
    """What the gateway stands on; each can be taken away and brought back."""

    def __init__(self, folder: Path) -> None:
        self.database = Server(services.cluster(folder).started)
        self.redis = Server(lambda: services.redis(folder))


class Server:
    def __init__(self, started) -> None:
        self._started = started
        self._stack = ExitStack()
        self.address = ""
        self.start()

    def start(self) -> None:
        before = descendants(os.getpid())
        self.address = self._stack.enter_context(self._started())
        self._first = descendants(os.getpid()) - before

    def stop(self) -> None:
        self._stack.close()

    @contextmanager
    def away(self):
        self.stop()
        try:
            yield
        finally:
            self.start()

    @contextmanager
    def hanging(self):
        processes = {child for each in self._first for child in {each, *descendants(each)}}
        self._signal(processes, signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(processes, signal.SIGCONT)

    def _signal(self, processes, number) -> None:
        for each in processes:
            try:
                os.kill(each, number)
            except ProcessLookupError:
                continue


@pytest.fixture(scope="module")
def servers():
    """In a folder with a short name, that PostgreSQL's own user can read."""
    with tempfile.TemporaryDirectory(prefix="smartgateway-") as folder:
        Path(folder).chmod(0o755)
        servers = Servers(Path(folder))
        yield servers
        servers.redis.stop()
        servers.database.stop()


@pytest.fixture(scope="module")
def served(servers, tmp_path_factory):
    with (
        serving(AnthropicDouble()) as url,
        gateway.running(
            tmp_path_factory.mktemp("gateway"),
            DATABASE_URL=servers.database.address,
            REDIS_URL=servers.redis.address,
            ANTHROPIC_API_KEY="sk-ant-test",
            ANTHROPIC_BASE_URL=url,
        ) as running,
    ):
        yield running


def ask(served, path="/v1/chat/completions", key=KEY, text="hello"):
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": text}]
    body = {"model": "sonnet", "max_tokens": 99, "messages": turns}
    return httpx.post(f"{served.url}{path}", json=body, headers={"x-api-key": key}, timeout=20)


def statuses_and_slowest(served, count):
    answers, slowest = [], 0.0
    for _ in range(count):
        begun = time.monotonic()
        answers.append(ask(served))
        slowest = max(slowest, time.monotonic() - begun)
    return [each.status_code for each in answers], slowest, [each.headers.get(DECISION) for each in answers]


DECISION = "x-smartgateway-decision-id"


@pytest.mark.parametrize("how", ["away", "hanging"])
def test_known_keys_go_on_without_the_database_and_their_records_wait(served, servers, how):
    with getattr(servers.database, how)():
        statuses, _, decisions = statuses_and_slowest(served, 5)
        with ThreadPoolExecutor() as threads:
            strangers = dict(zip(FACES, threads.map(partial(ask, served, key=f"{STRANGER}{how}"), FACES), strict=True))
        is_ready = gateway.answers(f"{served.url}/health/ready")

    assert statuses == [200] * 5
    assert is_ready
    for path, code_of in FACES.items():
        assert strangers[path].status_code == 503
        assert code_of(strangers[path].json()) in ("keys_unavailable", "api_error")
    assert [served.outcome(each)[0] for each in decisions] == ["answered"] * 5
    wait_until(lambda: ask(served, key=f"{STRANGER}{how}").status_code == 401, "strangers are told apart again", 15)


def test_a_process_that_starts_without_the_database_serves_once_it_is_back(served, servers):
    with servers.database.away():
        served.kill("worker")
        wait_until(lambda: gateway.answers(f"{served.url}/health/live"), "the new process answers", 20)
        answer = ask(served)
        is_ready = gateway.answers(f"{served.url}/health/ready")

    assert (answer.status_code, is_ready) == (503, False)
    wait_until(lambda: ask(served).status_code == 200, "it serves again", 20)


@pytest.mark.parametrize("how", ["away", "hanging"])
def test_requests_go_on_without_valkey(served, servers, how):
    with getattr(servers.redis, how)():
        statuses, slowest, _ = statuses_and_slowest(served, 10)

    assert statuses == [200] * 10
    assert slowest < 1.5


@pytest.mark.long
@pytest.mark.parametrize("how", ["away", "hanging"])
def test_a_gateway_that_stops_without_its_database_ends_in_time_and_loses_nothing(served, servers, how):
    with getattr(servers.database, how)():
        _, _, decisions = statuses_and_slowest(served, 3)
        status = served.stop()
    served.start()

    assert status == 0
    assert [served.outcome(each)[0] for each in decisions] == ["answered"] * 3


@pytest.mark.long
def test_where_an_answer_means_the_database_none_is_given_while_it_is_away(servers, tmp_path):
    double = AnthropicDouble()
    with serving(double) as url:
        variables = {"DATABASE_URL": servers.database.address, "AUDIT_DURABILITY": "database"}
        claude = {"ANTHROPIC_API_KEY": "sk-ant-test", "ANTHROPIC_BASE_URL": url}
        with gateway.running(tmp_path, **variables, **claude) as served:
            assert ask(served).status_code == 200
            with servers.database.away():
                asked = len(double.requests)
                answers = [ask(served) for _ in range(3)]
                called = len(double.requests) - asked
            wait_until(lambda: ask(served).status_code == 200, "it serves again", 30)
            assert served.stop() == 0
            counts = served.verified()

    assert [(each.status_code, each.json()["error"]["code"]) for each in answers] == [(503, "audit_unavailable")] * 3
    assert called == 0
    assert (counts["waiting"], counts["open"]) == (0, 0)


def test_the_record_is_whole_after_all_this(served):
    assert served.stop() == 0

    counts = served.verified()
    assert (counts["waiting"], counts["open"]) == (0, 0)
    assert counts["outcomes"] == counts["routingdecisions"]
