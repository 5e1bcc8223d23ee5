"""What is promised of the record, held against what upstreams and clients saw of a load."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from tests.doubles.anthropic import AnthropicDouble
from tests.doubles.ollama import OllamaDouble
from tests.doubles.serving import serving
from tests.gateway import Gateway, wait_until
from tests.load import Load

HEX = "REPLACE(CAST({} AS VARCHAR(36)), '-', '')"
ANSWERED = f"SELECT {HEX.format('decision_id')} FROM audit_outcome WHERE status = 'answered'"
ATTEMPTS = f"SELECT {HEX.format('id')} FROM audit_attempt"
WITHOUT_OUTCOME = """
    SELECT id FROM audit_routingdecision WHERE NOT EXISTS (
        SELECT 1 FROM audit_outcome WHERE decision_id = audit_routingdecision.id
    )
"""


class Doubles(NamedTuple):
    claude: AnthropicDouble
    ollama: OllamaDouble
    variables: dict[str, str]

    def attempts_seen(self) -> list[str]:
        """The ids under which the upstreams were called to answer somebody."""
        claude = [each["attempt_id"] for each in self.claude.requests if each["path"] == "/v1/messages"]
        asides = {each["attempt_id"] for each in self.ollama.requests if each["body"].get("format")} | {"probe"}
        return claude + [each["attempt_id"] for each in self.ollama.requests if each["attempt_id"] not in asides]


@contextmanager
def upstream_doubles() -> Iterator[Doubles]:
    claude, ollama = AnthropicDouble(), OllamaDouble()
    with serving(claude) as claude_url, serving(ollama) as ollama_url:
        variables = {
            "ANTHROPIC_API_KEY": "sk-ant-test",
            "ANTHROPIC_BASE_URL": claude_url,
            "LOCAL_LLM_BASE_URL": ollama_url,
            "LOCAL_MAX_INFLIGHT": "8",
        }
        yield Doubles(claude, ollama, variables)


def prove(served: Gateway, doubles: Doubles, load: Load, *, statuses: frozenset[int] = frozenset({200})) -> None:
    """After the load has ended: every attempt is in the record once, every whole answer has exactly one outcome."""
    seen = doubles.attempts_seen()
    wait_until(lambda: set(seen) <= {row[0] for row in served.rows(ATTEMPTS)}, "every attempt is shipped")
    wait_until(lambda: not served.rows(WITHOUT_OUTCOME), "every decision has its outcome")
    recorded = [row[0] for row in served.rows(ATTEMPTS)]
    answered = [row[0] for row in served.rows(ANSWERED)]

    assert len(seen) == len(set(seen))
    assert len(recorded) == len(set(recorded))
    assert len(load.answered) == len(set(load.answered))
    assert set(load.answered) <= set(answered)
    assert len(answered) == len(set(answered))
    assert set(load.statuses) <= statuses, load.errors
    assert served.verified()["waiting"] == 0
