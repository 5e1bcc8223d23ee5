"""Asking the classifier: remembered verdicts, one call for the same question at once, its own timeout and breaker."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from uuid import uuid4

from routing.breakers import Breaker
from routing.classifier import prompt
from routing.engine.types import Policy, RoutingRequest, Verdict
from routing.providers.base import Call, Provider, ProviderError, ProviderTimeoutError, Timeouts
from routing.slots import LocalSlots

logger = logging.getLogger(__name__)
CONNECT_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Judge:
    """The model that is asked: a local one, which takes one of the local model's slots like any other call."""

    provider: Provider
    model: str
    slots: LocalSlots | None = None

    @asynccontextmanager
    async def slot(self, wait_seconds: float) -> AsyncIterator[None]:
        if self.slots is None:
            yield
        elif await self.slots.acquire(wait_seconds):
            try:
                yield
            finally:
                self.slots.release()
        else:
            raise TimeoutError


class Classifier:
    def __init__(self, *, breaker: Breaker | None = None, clock: Callable[[], float] = time.perf_counter) -> None:
        self._breaker = breaker or Breaker("classifier", failures_to_open=3, open_seconds=30.0)
        self._clock = clock
        self._verdicts: OrderedDict[bytes, Verdict] = OrderedDict()
        self._asked: dict[bytes, asyncio.Task[Verdict]] = {}

    async def classify(
        self, request: RoutingRequest, policy: Policy, judge: Judge | None, *, is_ready: bool = True
    ) -> Verdict:
        model = judge.model if judge else policy.models.get("classifier", "")
        document = prompt.excerpt(request.messages, policy)
        key = sha256(f"{policy.version}\0{policy.digest}\0{model}\0{document}".encode()).digest()
        if key in self._verdicts:
            self._verdicts.move_to_end(key)
            return self._verdicts[key]
        task = self._asked.get(key)
        if task is not None:
            return await self._joined(task)
        if judge is None or not is_ready:
            return Verdict(None, error="skipped:not_ready", model=model)
        if judge.slots is not None and not judge.slots.has_free:
            return Verdict(None, error="skipped:busy", model=model)
        if not self._breaker.allows():
            return Verdict(None, error="skipped:breaker_open", model=model)
        task = asyncio.get_running_loop().create_task(self._ask(key, policy, judge, document))
        self._asked[key] = task
        task.add_done_callback(lambda _: self._asked.pop(key, None))
        return await asyncio.shield(task)

    async def _joined(self, task: "asyncio.Task[Verdict]") -> Verdict:
        """Another request's call: its tokens were spent once and are recorded there."""
        started = self._clock()
        verdict = await asyncio.shield(task)
        waited = (self._clock() - started) * 1000
        return replace(verdict, cached=True, latency_ms=waited, input_tokens=0, output_tokens=0)

    async def _ask(self, key: bytes, policy: Policy, judge: Judge, document: str) -> Verdict:
        model, seconds = judge.model, policy.thresholds["classifier_timeout_seconds"]
        started = self._clock()
        try:
            async with asyncio.timeout(seconds), judge.slot(seconds):
                verdict = await self._answer(judge, seconds, document)
        except (TimeoutError, ProviderTimeoutError):
            verdict = Verdict(None, error="timeout", model=model)
        except ProviderError as exc:
            verdict = Verdict(None, error=f"error:{exc.kind}", model=model)
        except prompt.UnreadableAnswerError as exc:
            verdict = Verdict(None, error="error:unreadable_answer", reason=str(exc)[: prompt.REASON_CAP], model=model)
        except Exception:
            logger.exception("The classifier's call broke")
            verdict = Verdict(None, error="error:internal", model=model)
        verdict = replace(verdict, latency_ms=(self._clock() - started) * 1000)
        self._note(key, verdict, int(policy.thresholds["classifier_cache_size"]))
        return verdict

    async def _answer(self, judge: Judge, seconds: float, document: str) -> Verdict:
        call = Call(
            model=judge.model,
            body=prompt.body(judge.model, document),
            attempt_id=uuid4().hex,
            timeouts=Timeouts(connect=min(CONNECT_SECONDS, seconds), first_byte=seconds, between_bytes=seconds),
        )
        answer = await judge.provider.complete(call)
        tier, reason = prompt.read(answer.completion)
        usage = answer.account.usage
        return Verdict(
            tier,
            reason,
            model=answer.account.response_model or judge.model,
            input_tokens=usage.input_tokens if usage else 0,
            output_tokens=usage.output_tokens if usage else 0,
        )

    def _note(self, key: bytes, verdict: Verdict, cache_size: int) -> None:
        if verdict.tier is None:
            self._breaker.failed()
            return
        self._breaker.succeeded()
        self._verdicts[key] = replace(verdict, cached=True, latency_ms=0.0, input_tokens=0, output_tokens=0)
        while len(self._verdicts) > cache_size:
            self._verdicts.popitem(last=False)
