"""Starting points: each sets the same few thresholds and switches, and leaves phrases, aliases and models alone."""

from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from routing.policies.drafts import Content
from routing.policies.files import read_yaml
from routing.policies.importing import overlaid_by

FOLDER = Path(__file__).parent.parent / "defaults" / "presets"
NAMES = ("cautious", "balanced", "thrifty")


class Preset(NamedTuple):
    name: str
    title: str
    help: str
    sections: dict[str, Any]


@cache
def presets() -> tuple[Preset, ...]:
    return tuple(_read(name) for name in NAMES)


def preset(name: str) -> Preset:
    """KeyError for one that there is not."""
    return {each.name: each for each in presets()}[name]


def with_preset(name: str, draft: Content) -> Content:
    return overlaid_by(preset(name).sections, draft)


def _read(name: str) -> Preset:
    read = read_yaml((FOLDER / f"{name}.yaml").read_text())
    return Preset(name, read.pop("title"), read.pop("help"), read)
