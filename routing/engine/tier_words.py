"""How an ask names a tier in its first word: `@opus ...`."""

import re

from routing.engine.types import LADDER

TIER_WORDS = {f"@{tier}": str(tier) for tier in LADDER}
WORD = rf"@(?:{'|'.join(LADDER)})[:,]*\s+(?=\S)"
FIRST = re.compile(rf"\s*{WORD}", re.IGNORECASE)
BEHIND_A_TAG = re.compile(rf"(?<=[>\n])\s{{0,8}}{WORD}", re.IGNORECASE)
OPENINGS = frozenset(char for code in range(0x3001) if (char := chr(code)).isspace() or char == "@")


def names_tier(text: str) -> bool:
    """Whether it begins so: hardly any text does."""
    return text[:1] in OPENINGS and FIRST.match(text) is not None
