"""Phase 1's own time, in CPU time of its thread: `python -m bench.phase1`.

Everything a decision takes before anything is called: measuring the request, the rules, the choice, and taking out of
the asks what was said to us alone. The garbage collector is set as in a serving process.
"""

import json
import random
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import cycle, islice
from pathlib import Path
from time import thread_time_ns

import yaml

from routing.engine.content import content_of, matched_phrases, policy_from
from routing.engine.decide import decide
from routing.engine.features import measure
from routing.engine.types import LocalModel, Policy, RoutingRequest, Surroundings
from routing.engine.words import without_tier_words
from routing.phrases import compile_matcher
from smartgateway.api.collector import spare_the_collector

ROOT = Path(__file__).parent
DEFAULTS = ROOT.parent / "routing" / "defaults" / "policy.yaml"
ROWS = ROOT / "data" / "requests.jsonl"
MODELS = {"local": "local", "haiku": "haiku", "sonnet": "sonnet", "opus": "opus", "classifier": "local"}
SIZES = (200, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
CODE = "def parse(rows, *, limit=10):\n    return [row['id'] for row in rows[:limit] if row.get('id') != \"none\"]\n\n"
AGENT = "You are an agentic coding assistant. Use the tools to read and edit files, and explain what you do. "


def shipped_policy(phrases: int = 0) -> Policy:
    """The shipped one, filled up to so many phrases with pairs of words that people write."""
    content = {**content_of(yaml.safe_load(DEFAULTS.read_text())), "models": MODELS}
    missing = phrases - sum(map(len, content["phrases"].values()))
    if missing > 0:
        content["phrases"]["context_word"].update(dict.fromkeys(islice(pairs_of_words(), missing), 1.0))
    return policy_from(content, version=1, match=compile_matcher(matched_phrases(content)))


def pairs_of_words() -> Iterator[str]:
    words = sorted({word for sentence in sentences() for word in sentence.lower().split() if word.isalpha()})
    chosen = random.Random(1)
    while True:
        yield " ".join(chosen.sample(words, 2))


@cache
def sentences() -> list[str]:
    """What the users of the labelled requests wrote, without code."""
    asks = (message["content"] for request in labelled() for message in request.messages if message["role"] == "user")
    prose = (ask.split("```")[0] for ask in asks if isinstance(ask, str) and ask.isascii())
    return [sentence for text in prose for sentence in text.split("\n") if 10 < len(sentence) < 400]


def prose(size: int, seed: int) -> str:
    chosen = random.Random(seed).choices(sentences(), k=size // 40 + 5)
    return "\n".join(chosen)[:size]


def single_ask(size: int, seed: int) -> RoutingRequest:
    return RoutingRequest([{"role": "user", "content": prose(size, seed)}])


def ask_with_code(size: int, seed: int) -> RoutingRequest:
    code = "".join(islice(cycle([CODE]), size // len(CODE) + 1))[: max(0, size - 120)]
    return RoutingRequest([{"role": "user", "content": f"{prose(100, seed)}\n```python\n{code}\n```"}])


def conversation(size: int, seed: int) -> RoutingRequest:
    turns = max(1, size // 2_000)
    text = prose(min(size, 2_000), seed)
    messages = [{"role": ("user", "assistant")[number % 2], "content": text} for number in range(turns)]
    return RoutingRequest([*messages, {"role": "user", "content": prose(200, seed + 1)}])


def agent_session(size: int, seed: int) -> RoutingRequest:
    """System prompt, tools, and pairs of tool calls and results in content blocks, as agents send them."""
    system = {"role": "system", "content": (AGENT * 100)[: min(8_000, size // 4)]}
    tool = {
        "name": "read_file",
        "description": "Reads a file.",
        "input_schema": {"properties": {"path": {}, "limit": {}}},
    }
    result = prose(min(size, 4_000), seed)
    pair = (
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "t", "name": "read_file", "input": {"path": "a.py"}}],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": result}]},
    )
    ask = {"role": "user", "content": [{"type": "text", "text": prose(100, seed)}]}
    return RoutingRequest([system, ask, *list(pair) * max(1, size // 4_100)], [tool] * 20)


def without_ascii(size: int, seed: int) -> RoutingRequest:
    return RoutingRequest([{"role": "user", "content": prose(size, seed).replace("e", "é").replace("the", "的")}])


SHAPES = {
    "one ask": single_ask,
    "ask with code": ask_with_code,
    "beyond ASCII": without_ascii,
    "conversation": conversation,
    "agent session": agent_session,
}


def labelled() -> list[RoutingRequest]:
    rows = (json.loads(line) for line in ROWS.read_text().splitlines())
    return [RoutingRequest(row["messages"], row["tools"] or ()) for row in rows]


def timed(requests: Sequence[RoutingRequest], policy: Policy, runs: int) -> list[float]:
    """Microseconds of each of the runs, in order of size."""
    around = Surroundings(local=LocalModel("local", loaded=True, context_tokens=16_384, vision=False, tools=True))
    times = []
    for request in islice(cycle(requests), runs):
        started = thread_time_ns()
        features = measure(request, policy)
        decide(request, policy, around, None, features)
        without_tier_words(request, features, policy)
        times.append((thread_time_ns() - started) / 1_000)
    return sorted(times)


def line(name: str, times: Sequence[float]) -> str:
    shares = (times[min(len(times) - 1, int(len(times) * share))] for share in (0.5, 0.99, 0.999))
    return f"{name:<28}{len(times):>7}" + "".join(f"{value:>9.0f}" for value in (*shares, times[-1]))


def table(runs: int = 2_000) -> Iterator[str]:
    policy = shipped_policy()
    yield f"{'Phase 1, µs of CPU':<28}{'runs':>7}{'p50':>9}{'p99':>9}{'p99.9':>9}{'max':>9}"
    everything: list[float] = []
    timed(labelled(), policy, 200)
    spare_the_collector()
    yield line("labelled requests", timed(labelled(), policy, runs))
    for name, shape in SHAPES.items():
        for size in SIZES:
            times = timed([shape(size, seed) for seed in range(4)], policy, runs // 4)
            everything += times
            yield line(f"{name}, {size:,}", times)
    yield line("all of 200 to 1,000,000", sorted(everything))
    yield line("labelled, 2,000 phrases", timed(labelled(), shipped_policy(2_000), runs))
    long = RoutingRequest([{"role": "user", "content": "a line of words"}] * 10_000)
    yield line("10,000 messages", timed([long], policy, runs // 20))


if __name__ == "__main__":
    for row in table():
        print(row)
