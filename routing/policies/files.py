"""A policy as one file to read, to keep and to carry elsewhere: YAML, of which only the plainest part is understood."""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from django.core.exceptions import ValidationError

from routing.engine.content import LISTS_OFF
from routing.models import PolicyVersion
from routing.policies.drafts import Content, targets_of

FORMAT = "1"
BREAKS = frozenset("\n\r\t\x85\u2028\u2029\ufeff")
FORMAT_KEY = "smartgateway_policy"
MOST_BYTES = 1_000_000
MOST_DEPTH = 6
MOST_NODES = 50_000
LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # every scalar stays text: no value is guessed at


class _Writer(yaml.SafeDumper):
    """Quotes what would be read as a line's end."""

    def represent_str(self, text: str) -> yaml.ScalarNode:
        style = None if BREAKS.isdisjoint(text) else '"'
        return self.represent_scalar("tag:yaml.org,2002:str", text, style)


_Writer.add_representer(str, _Writer.represent_str)


def to_yaml(content: Content, title: str = "") -> str:
    """The content in sections, in an order to read; `title` becomes a comment."""
    document = {
        FORMAT_KEY: int(FORMAT),
        **{name: content[name] for name in ("enabled", "mode", "ambiguous_fallback_tier")},
        "models": content["models"],
        "thresholds": {name: _plain(value) for name, value in content["thresholds"].items()},
        "switches": content["switches"],
        "fallbacks": content["fallbacks"],
        "aliases": targets_of(content),
        LISTS_OFF: content.get(LISTS_OFF, []),
        "phrases": {name: _plain_list(listed) for name, listed in content["phrases"].items()},
    }
    heading = f"# {' '.join(title.split())}\n" if title else ""
    return heading + yaml.dump(document, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=120)


def version_yaml(version: PolicyVersion) -> str:
    title = f"SmartGateway policy, version {version.number} of {version.created_at:%Y-%m-%d %H:%M} UTC: {version.note}"
    return to_yaml(version.content, title)


def _plain(value: float) -> float | int:
    return int(value) if value == int(value) else value


def _plain_list(listed: Mapping[str, float]) -> list[str] | dict[str, float | int]:
    """Where every phrase weighs 1, the phrases alone."""
    if all(weight == 1 for weight in listed.values()):
        return list(listed)
    return {text: _plain(weight) for text, weight in listed.items()}


def read_yaml(text: str) -> dict[str, Any]:
    """The file's mappings, lists and texts. ValidationError names what is too large, too deep or not understood."""
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MOST_BYTES:
        raise ValidationError(f"{size:,} bytes: a policy file has at most {MOST_BYTES:,}.")
    try:
        for problem in _problems_of(text):
            raise ValidationError(problem)
        read = yaml.load(text, LOADER)
    except (yaml.YAMLError, UnicodeError) as exc:
        raise ValidationError(f"This is no YAML: {' '.join(str(exc).split())}") from exc
    if not isinstance(read, dict):
        raise ValidationError("A policy file holds sections: mode, thresholds, phrases and so on.")
    if read.pop(FORMAT_KEY, FORMAT) != FORMAT:
        raise ValidationError(f"{FORMAT_KEY}: this release reads format {FORMAT}.")
    return read


def _problems_of(text: str) -> Iterator[str]:
    """Read event by event, so that nothing is built of what is refused."""
    depth = nodes = 0
    for event in yaml.parse(text, LOADER):
        line = _line(event)
        if isinstance(event, yaml.AliasEvent):
            yield f"Line {line}: a policy file has no aliases (*{event.anchor}): write the value itself."
        if isinstance(event, yaml.NodeEvent):
            nodes += 1
            if tag := getattr(event, "tag", None):
                yield f"Line {line}: a policy file has no tags ({tag})."
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MOST_DEPTH:
            yield f"Line {line}: nested more than {MOST_DEPTH} levels deep."
        if nodes > MOST_NODES:
            yield f"Line {line}: more than {MOST_NODES:,} values."
    yield from _repeated(yaml.compose(text, LOADER))


def _line(where: yaml.Event | yaml.Node) -> int:
    return 0 if where.start_mark is None else where.start_mark.line + 1


def _repeated(node: yaml.Node | None) -> Iterator[str]:
    """Keys that stand twice: the one below would silently win."""
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                yield f"Line {_line(key)}: a name is a text."
            elif key.value in seen:
                yield f"Line {_line(key)}: {key.value!r} stands there twice."
            seen.add(key.value)
            yield from _repeated(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _repeated(item)
