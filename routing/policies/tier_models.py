"""What can be wrong with the model of a tier, which is sent to its provider as it is written."""

from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches

from routing.engine.names import LOCAL_PREFIXES
from routing.models import LocalModelRecord, ModelAlias, ModelPrice, PolicyVersion, TierModel
from routing.models.choices import Slot
from routing.models.prices import without_date
from routing.policies.aliases import RESERVED
from routing.policies.served import CLAUDE_SLOTS

NOTHING = {"", "null", "none", "nil", "~"}
NEWER = (
    "A newer one can be named once it has a price: under Model prices, or by manage.py load_prices --model {} --apply"
)


def problem_of_tier_model(slot: str, model: str) -> str:
    """What is wrong with one model of the draft; empty where nothing is."""
    aliases = ModelAlias.objects.values_list("pattern", flat=True)
    return dict(problems_of_tier_models({slot: model}, aliases)).get(slot, "")


def problems_of_tier_models(models: Mapping[str, str], aliases: Collection[str]) -> Iterator[tuple[str, str]]:
    """Slot and message. What is in force may stay, and what the first policy names is the environment's word."""
    readable = PolicyVersion.objects.filter(content__has_key="models").order_by("-number")
    kept = readable.values_list("content__models", flat=True).first() or models
    claude = {*ModelPrice.objects.filter(provider_name="anthropic").values_list("model", flat=True)} - {"*"}
    taken = {pattern.lower() for pattern in aliases}
    for slot in Slot.values:
        model = models.get(slot, "")
        problem = _of_spelling(model)
        if not problem and model != kept.get(slot):
            problem = _unknown_claude(model, claude) if slot in CLAUDE_SLOTS else _alias(model, taken)
        if problem:
            yield slot, problem


def _of_spelling(model: str) -> str:
    longest = TierModel._meta.get_field("model").max_length or 0
    if model.strip().lower() in NOTHING:
        return "Name the model that serves it."
    if len(model) > longest:
        return f"{len(model):,} characters: a model's name has at most {longest}."
    if any(char.isspace() or not char.isprintable() for char in model):
        return f"{model!r}: a model's name has no spaces."
    if model.lower() in RESERVED or model.lower().startswith(LOCAL_PREFIXES):
        return f"{model!r} is what a client may ask for: name the model that serves it, as its provider does."
    return ""


def _unknown_claude(model: str, known: Collection[str]) -> str:
    if model in known or without_date(model) in known:
        return ""
    nearest = get_close_matches(model, sorted(known), n=3, cutoff=0.4)
    near = f": nearest are {', '.join(nearest)}" if nearest else ""
    return f"{model!r} is no Claude model that is known here{near}. {NEWER.format(model)}."


def _alias(model: str, aliases: Collection[str]) -> str:
    """A model that the local server has may have an alias of its name: clients ask for it, and are routed."""
    if model.lower() not in aliases or LocalModelRecord.objects.filter(name=model).exists():
        return ""
    return f"{model!r} is an alias: name the model that serves it, as the local server does."
