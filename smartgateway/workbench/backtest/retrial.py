"""Recorded decisions before another policy: each is decided again and summed up."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from audit.models import PromptText
from routing import policies, prices
from routing.engine.asks import Ask
from routing.engine.features import Features
from routing.engine.naming import Names
from routing.engine.types import Policy, Surroundings
from smartgateway.completions.remembered import made_from
from smartgateway.workbench.backtest.again import LOST, SAME, Again, again, stays, ways_of
from smartgateway.workbench.backtest.costs import Bill, Circumstances, after, before, between, exactly
from smartgateway.workbench.backtest.differences import Difference, difference_between
from smartgateway.workbench.backtest.flips import Change, changes_between
from smartgateway.workbench.backtest.known import known
from smartgateway.workbench.backtest.rows import Row
from smartgateway.workbench.backtest.sums import Flip, Sums

RANK_BITS = (1 << 48) - 1  # of an id's random end


class Retrial:
    """One policy, and what it has to do with each version that decided until now."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._book = prices.current()
        self._local_model = policy.models["local"]
        self._differences: dict[int, Difference | None] = {}
        self._has_texts = PromptText.objects.exists()

    def try_again(self, rows: Sequence[Row], sums: Sums) -> None:
        texts = self._texts(rows)
        for row in rows:
            self._add(row, texts.get(row.id), sums)

    def _add(self, row: Row, ask: Ask | None, sums: Sums) -> None:
        difference = self._difference(row.policy_version)
        spent = before(row)
        if difference is None:
            sums.add(row, LOST, spent, None)
            return
        if stays(row, difference):
            sums.add(row, SAME, spent, spent if spent is None else exactly(spent))
            return
        try:
            features, surroundings = made_from(row.features, self._local_model)
        except ValueError:
            sums.add(row, LOST, spent, None)
            return
        found = again(row, features, surroundings, difference, ask)
        bill = self._bill(row, found, features, surroundings)
        pair = sums.add(row, found, spent, bill)
        rank = row.id.int & RANK_BITS
        if pair is not None and sums.is_wanted(pair, rank):
            why = self._why(row, found, features, surroundings, ask)
            sums.draw(pair, Flip(row.id.hex, rank, row.team_name, row.key_name, *_texts_of(spent, bill), why))

    def _bill(self, row: Row, found: Again, features: Features, surroundings: Surroundings) -> Bill | None:
        around = Circumstances(features, surroundings, self.policy)
        if len(found.ways) == 1:
            return after(row, found.ways[0], around, self._book)
        return between([after(row, way, around, self._book) for way in found.ways])

    def _why(
        self, row: Row, found: Again, features: Features, surroundings: Surroundings, ask: Ask | None
    ) -> list[Change]:
        then = self._difference(row.policy_version)
        assert then is not None  # it was decided again with it
        of_then = ways_of(row, features, surroundings, Difference(then.old, then.old))
        old, new = Names(then.old).counted(features), Names(then.new).counted(known(features, then, ask).features)
        return changes_between(of_then[0].decision, found.ways[0].decision, old, new)

    def _difference(self, version: int) -> Difference | None:
        """None for a version that cannot be read."""
        if version not in self._differences:
            old = policies.published(version)
            self._differences[version] = difference_between(old, self.policy) if old else None
        return self._differences[version]

    def _texts(self, rows: Sequence[Row]) -> Mapping[UUID, Ask]:
        """The asks that are kept of these rows, where a text can tell more than the record."""
        is_wanted = self._has_texts and any(
            difference.is_of_text
            for version in {row.policy_version for row in rows}
            if (difference := self._difference(version))
        )
        if not is_wanted:
            return {}
        kept = PromptText.objects.filter(pk__gte=min(row.id for row in rows), pk__lte=max(row.id for row in rows))
        fields = kept.values_list("decision_id", "head", "tail", "chars", "is_newest")
        return {key: Ask(head, tail, chars, is_newest) for key, head, tail, chars, is_newest in fields.iterator()}


def _texts_of(spent: object, bill: Bill | None) -> tuple[str | None, str | None, str | None]:
    amounts = (spent, bill.low if bill else None, bill.high if bill else None)
    before_, low, high = (None if amount is None else str(amount) for amount in amounts)
    return before_, low, high
