"""What was pasted: a decision's id, the body of an API, or plain text."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import msgspec

from audit.models import PromptText, RoutingDecision
from routing import policies
from routing.engine.asks import Ask
from routing.engine.features import Features, measure
from routing.engine.names import LOCAL
from routing.engine.types import Policy, RoutingRequest, Surroundings, Verdict
from smartgateway.api.options import NO_OPTIONS, options
from smartgateway.api.shapes import chat_form
from smartgateway.completions.errors import BadRequestError
from smartgateway.completions.exchange import Options
from smartgateway.completions.explaining import Recalled, recall
from smartgateway.workbench.backtest.differences import difference_between
from smartgateway.workbench.backtest.known import known

MOST_CHARS = 2_000_000


class UnreadableError(Exception):
    """The message says what is wrong, for the form."""


@dataclass(frozen=True, slots=True)
class Pasted:
    """`body` is in chat form; None for a decision whose text is not kept."""

    body: dict[str, Any] | None
    options: Options = NO_OPTIONS
    decision: RoutingDecision | None = None
    recalled: Recalled | None = None
    ask: Ask | None = None  # of a decision, where its text is kept

    @property
    def verdict(self) -> Verdict | None:
        return self.recalled.verdict if self.recalled else None

    def request(self) -> RoutingRequest:
        """A decision is shown as the policy chooses, whatever its client had asked for by name."""
        if self.recalled or self.body is None:
            return RoutingRequest(())
        return RoutingRequest(
            messages=self.body["messages"],
            tools=self.body.get("tools") or (),
            requested_model=self.body.get("model") or "",
            requested_provider=self.options.provider,
        )

    def features(self, policy: Policy) -> Features:
        """As the policy reads it; of a decision whose text is kept, with the phrases that this policy finds in it."""
        if self.recalled is None:
            return measure(self.request(), policy)
        then = policies.published(self.decision.policy_version) if self.decision else None
        features = self.recalled.features
        if then is not None:
            features = known(features, difference_between(then, policy), self.ask).features
        return features._replace(tier_word="")

    def surroundings(self, now: Surroundings) -> Surroundings:
        """Of a decision those of then; the local model's name is not among them."""
        if self.recalled is None or self.decision is None:
            return now
        then, local = self.recalled.surroundings, self.recalled.surroundings.local
        if local is None:
            return then
        served = self.decision.model if self.decision.provider_name == LOCAL else now.local.name if now.local else ""
        return then._replace(local=replace(local, name=served or policies.current().models["local"]))


def read(text: str) -> Pasted:
    """Raises `UnreadableError`."""
    text = text.strip()
    if not text:
        raise UnreadableError("Paste a request: plain text, JSON, or the id of a decision.")
    if len(text) > MOST_CHARS:
        raise UnreadableError(f"These are {len(text):,} characters; at most {MOST_CHARS:,} are read here.")
    identity = _id_of(text)
    if identity:
        return _of_decision(identity)
    if text[0] in "{[":
        return _of_json(text)
    return Pasted({"messages": [{"role": "user", "content": text}]})


def _id_of(text: str) -> UUID | None:
    try:
        return UUID(text) if len(text) <= 36 else None
    except ValueError:
        return None


def _of_decision(identity: UUID) -> Pasted:
    decision = RoutingDecision.objects.filter(pk=identity).first()
    if decision is None:
        raise UnreadableError("There is no decision of that id.")
    recalled = recall(decision)
    if recalled is None:
        raise UnreadableError("What that decision was made from is not kept.")
    text = PromptText.objects.filter(pk=identity).first()
    if text is None:
        return Pasted(None, decision=decision, recalled=recalled)
    said = "\n".join(part for part in (text.head, text.tail) if part)
    ask = Ask(text.head, text.tail, text.chars, text.is_newest)
    return Pasted({"messages": [{"role": "user", "content": said}]}, decision=decision, recalled=recalled, ask=ask)


def _of_json(text: str) -> Pasted:
    try:
        data = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as exc:
        raise UnreadableError(f"This is not valid JSON: {exc}.") from None
    if isinstance(data, list):
        data = {"messages": data}
    elif isinstance(data, dict) and isinstance(data.get("prompt"), str) and "messages" not in data:
        data = {**data, "messages": [{"role": "user", "content": data["prompt"]}]}
    try:
        body = chat_form(data).body
        return Pasted(body, options({}, body))
    except BadRequestError as exc:
        raise UnreadableError(exc.message) from None
