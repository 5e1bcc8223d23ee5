"""How many tokens a model makes of text, learnt from what it reports; used to notice a truncated prompt."""

from collections.abc import Callable

START = 0.25  # tokens per character, white space collapsed: English prose
FLOOR = 0.12
RECOVERY = 0.02
TRUNCATED_BELOW = 0.6
TOO_SMALL_TO_JUDGE = 256  # tokens


class Calibration:
    """Keeps to the low side: a false alarm would fail a good answer. Judges and learns only from whole counts."""

    def __init__(self, counts_whole: Callable[[], bool]) -> None:
        self.counts_whole = counts_whole
        self._ratios: dict[str, float] = {}

    def tokens(self, model: str, characters: int) -> int:
        return round(characters * self._ratios.get(model, START))

    def is_truncated(self, model: str, characters: int, counted: int) -> bool:
        expected = self.tokens(model, characters)
        return expected >= TOO_SMALL_TO_JUDGE and counted < TRUNCATED_BELOW * expected

    def learn(self, model: str, characters: int, counted: int) -> None:
        if self.tokens(model, characters) < TOO_SMALL_TO_JUDGE:
            return
        ratio, seen = self._ratios.get(model, START), counted / characters
        if seen >= ratio:
            seen = ratio + RECOVERY * (min(seen, START) - ratio)
        self._ratios[model] = max(FLOOR, seen)
