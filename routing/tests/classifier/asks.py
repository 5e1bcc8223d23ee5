"""A classifier whose model answers what the test wants."""

import asyncio

from routing.classifier import Judge
from routing.engine.types import Policy, RoutingRequest, Usage
from routing.providers.base import Account, Answer

REQUEST = RoutingRequest(messages=[{"role": "user", "content": "sort these imports"}])


def policy(version=1, timeout=5.0, cache_size=256):
    return Policy(
        version=version,
        digest="d",
        thresholds={"classifier_timeout_seconds": timeout, "classifier_cache_size": cache_size},
        switches={},
        phrases={},
        aliases=(),
        models={"classifier": "small"},
        fallbacks={},
    )


class FakeProvider:
    """Answers with `reply` (an exception is raised) once `may_answer` is set."""

    name = "local"
    dialect = "openai"

    def __init__(self, reply='{"tier": "local", "reason": "one place"}'):
        self.reply = reply
        self.calls = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def complete(self, call):
        self.calls.append(call)
        await self.may_answer.wait()
        if isinstance(self.reply, Exception):
            raise self.reply
        usage = Usage(fresh_input_tokens=90, output_tokens=9)
        message = {"role": "assistant", "content": self.reply}
        return Answer(Account(response_model="small:1b", usage=usage), {"choices": [{"message": message}]})


def judge(provider, slots=None):
    return Judge(provider, "small", slots)
