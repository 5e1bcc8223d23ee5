"""Where an operator changes what a rule compares with."""

from collections.abc import Iterable, Mapping

from django.urls import reverse

from routing.engine.naming import HOLDING, SPEAKING
from routing.models import PhraseList, Threshold
from smartgateway.workbench.evidence.month import RULES

THRESHOLDS: Mapping[str, tuple[str, ...]] = {
    "tool_loop": ("tool_loop_window",),
    "context_limit": ("local_context_char_limit",),
    "loaded_context": ("local_answer_reserve", "chars_per_token"),
    "agentic_prompt": ("agentic_system_chars",),
    "long_conversation": ("long_conversation_turns",),
    "deep_reasoning": ("deep_reasoning_hits", "heavy_phrase_weight"),
    "named_files": ("named_files",),
    "multi_file": ("multi_file_hits",),
    "compaction": ("compaction_hits",),
    "simple_task": ("simple_task_chars", "simple_task_prose_chars", "simple_task_system_chars"),
    "self_contained": ("self_contained_chars",),
    "greeting": ("greeting_share",),
    "single_file_edit": ("single_file_edit_chars", "simple_task_prose_chars"),
    "opus_score": ("opus_score_threshold", "constraints_score_cap"),
    "session_floor": ("session_idle_seconds",),
    "classifier_unavailable": ("classifier_timeout_seconds",),
    "keyword_opus": ("keyword_opus_hits",),
}
WITH_PAGES = (*RULES, "opus_score")
RULE_OF: Mapping[str, str] = {
    threshold: rule
    for rule, thresholds in reversed(list(THRESHOLDS.items()))
    if rule in WITH_PAGES
    for threshold in thresholds
}
"""On whose page it is seen what a threshold does; the first one's where several rules share it."""


def rules_of(row: Threshold | PhraseList) -> list[str]:
    """The rules with pages that compare with it, or look for its phrases."""
    if isinstance(row, Threshold):
        return [rule for rule in WITH_PAGES if row.name in THRESHOLDS.get(rule, ())]
    return [rule for rule in WITH_PAGES if row.name in lists_of(rule)]


def lists_of(rule: str) -> tuple[str, ...]:
    """Those whose phrases make it fire, and those whose phrases keep it from firing."""
    return (*SPEAKING.get(rule, ()), *HOLDING.get(rule, ()))


def links_of(rule: str) -> list[tuple[str, str]]:
    """Titles and addresses in the admin: the thresholds of a rule and its lists of phrases."""
    rows = Threshold.objects.filter(name__in=THRESHOLDS.get(rule, ())).values_list("name", "pk")
    found = [(name, reverse("admin:routing_threshold_change", args=[pk])) for name, pk in rows]
    return [*found, *list_links(lists_of(rule)).items()]


def list_links(names: Iterable[str]) -> dict[str, str]:
    rows = PhraseList.objects.filter(name__in=list(names)).values_list("name", "pk")
    return {name: reverse("admin:routing_phraselist_change", args=[pk]) for name, pk in rows}
