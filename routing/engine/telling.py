"""In words for people who do not know the rules: where a request goes, and what would have led it elsewhere."""

import re
from collections.abc import Mapping, Sequence

from routing.engine.breakpoints import SHARES, Step
from routing.engine.explain import Flip
from routing.engine.naming import Texts

MOST_QUOTED = 3
ONE_OF_MANY = re.compile(r"\b(1 (?:ask|block|character|file|image|message|token|tool))s\b")
NO_TEXTS: Texts = {}
TIERS: Mapping[str, str] = {
    "local": "the team's own model",
    "haiku": "Claude Haiku",
    "sonnet": "Claude Sonnet",
    "opus": "Claude Opus",
}
LENGTHS: Mapping[str, str] = {
    "ask_chars": "had the ask been {to} characters long instead of {now}",
    "prose_chars": "had its instruction, without code and quotes, been {to} characters long instead of {now}",
    "system_chars": "had its system prompt been {to} characters long instead of {now}",
    "total_chars": "had its conversation been {to} characters long in all instead of {now}",
    "estimated_tokens": "had its conversation been about {to} tokens long instead of {now}",
    "turns": "had its conversation held {to} messages instead of {now}",
    "asks": "had its conversation held {to} asks instead of {now}",
    "files": "had it named {to} files instead of {now}",
    "material_files": "had its material named {to} files instead of {now}",
    "tool_distance": "had its last tool call been {to} messages back instead of {now}",
    "greeting_share": "had greetings made up {to} of the ask instead of {now}",
    "images": "had it brought {to} images instead of {now}",
    "code_blocks": "had it brought {to} blocks of code instead of {now}",
    "tools_declared": "had it declared {to} tools instead of {now}",
    "min_tier": "had its client asked for a lower least tier",
}
WITHOUT: Mapping[str, str] = {
    "tool_distance": "had no tool been at work in it",
    "tools_declared": "had it declared no tools",
    "images": "had it brought no image",
    "code_blocks": "had it brought no code",
    "has_material": "had it brought nothing to work on",
    "has_path": "had it named no path",
    "has_trace": "had it shown no stack trace",
    "local_only": "had it been allowed to leave",
    "min_tier": "had its client asked for no least tier",
}
WITH: Mapping[str, str] = {  # in place of a number, where there was none
    "tool_distance": "had a tool been at work in it",
    "tools_declared": "had it declared a tool",
    "images": "had it brought an image",
    "code_blocks": "had it brought a block of code",
    "has_material": "had it brought code or a quote to work on",
    "has_path": "had it named a path",
    "has_trace": "had it shown a stack trace",
}


def words(identifier: str) -> str:
    return identifier.replace("_", " ")


def destination(tier: str | None, model: str = "") -> str:
    return TIERS.get(tier or "", model)


def quoted(texts: Sequence[str], most: int = MOST_QUOTED) -> str:
    named = [f"“{text}”" for text in texts[:most]]
    if len(texts) > most:
        return f"{', '.join(named)} and {len(texts) - most} more"
    return " and ".join([", ".join(named[:-1]), *named[-1:]] if len(named) > 1 else named)


def otherwise(flip: Flip) -> str:
    """`It would have gone to Claude Opus, had the threshold opus score threshold been 0.4 instead of 0.5.`"""
    where = destination(flip.tier)
    doubt = ", unless the classifier had judged otherwise" if flip.asks_classifier else ""
    return f"It would have gone to {where}, {condition(flip.step)}{doubt}."


def condition(step: Step) -> str:
    now, to = shown(step, step.value), shown(step, step.to)
    if step.kind == "threshold":
        return f"had the threshold “{words(step.name)}” been {to} instead of {now}"
    if step.kind == "phrases":
        return _phrases(step)
    if not step.to and step.name in WITHOUT:
        return WITHOUT[step.name]
    if not step.value and step.name in WITH:
        return WITH[step.name]
    return ONE_OF_MANY.sub(r"\1", LENGTHS[step.name].format(to=to, now=now))


def _phrases(step: Step) -> str:
    listed = f"“{words(step.name)}”"
    if step.phrase:
        return f"had it {'also' if step.to > step.value else 'not'} said “{step.phrase}” ({listed})"
    if step.to < step.value:
        return f"had it held no phrase of {listed}"
    more = int(step.to - step.value)
    if not step.value:
        return f"had it held {'a phrase' if more == 1 else f'{more} phrases'} of {listed}"
    return f"had it held {'one more phrase' if more == 1 else f'{more} more phrases'} of {listed}"


def shown(step: Step, value: float) -> str:
    return f"{value:,.4g}" if step.name in SHARES else f"{value:,.0f}"
