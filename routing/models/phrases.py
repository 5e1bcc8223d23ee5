"""Phrase lists of the draft."""

from collections.abc import Mapping
from statistics import median_low

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from routing.phrases import plain


class PhraseList(models.Model):
    """A list that one rule reads. Lists come with the release; their phrases are the operator's."""

    name = models.CharField(max_length=60, unique=True)
    title = models.CharField(max_length=100, blank=True)
    effect = models.TextField(blank=True)
    is_on = models.BooleanField(
        "on",
        default=True,
        help_text="Off, none of its phrases is looked for, as if the list were empty; they stay here until it is on"
        " again. Takes effect with the next published policy.",
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.title or self.name

    @property
    def usual_weight(self) -> float:
        """The middle one of its phrases' weights, which one of them has."""
        return median_low([*self.phrases.values_list("weight", flat=True)] or [1.0])

    def fill(self, weights: Mapping[str, float | None]) -> None:
        """Adds phrases; those that are here already, in whatever case or width, take the new weight.

        Without a weight, they keep theirs, and what is new takes the usual one.
        """
        known = {plain(phrase.text): phrase for phrase in self.phrases.all()}
        usual, filled = self.usual_weight, dict[str, Phrase]()
        for text, weight in weights.items():
            key = plain(text)
            phrase = filled.get(key) or known.get(key) or Phrase(phrase_list=self, text=text, weight=usual)
            phrase.weight = phrase.weight if weight is None else weight
            filled[key] = phrase
        known_rows = [phrase for phrase in filled.values() if phrase.pk is not None]
        Phrase.objects.bulk_create([phrase for phrase in filled.values() if phrase.pk is None])
        Phrase.objects.bulk_update(known_rows, ["weight"])


class Phrase(models.Model):
    phrase_list = models.ForeignKey(PhraseList, on_delete=models.CASCADE, related_name="phrases")
    text = models.CharField(
        max_length=200,
        help_text="Literal, in any case; whole words, unless it ends in * (any ending).",
    )
    weight = models.FloatField(default=1.0, help_text="How much a hit counts, above 0 and at most 10.")

    class Meta:
        ordering = ["phrase_list", "text"]
        constraints = [
            models.UniqueConstraint(
                Lower("text"),
                "phrase_list",
                name="phrase_once_in_a_list",
                violation_error_message="This phrase is already in the list.",
            ),
            models.CheckConstraint(
                condition=Q(weight__gt=0, weight__lte=10),
                name="phrase_weight_within_bounds",
                violation_error_message="Use a weight above 0 and at most 10.",
            ),
            models.CheckConstraint(condition=~Q(text=""), name="phrase_has_text"),
        ]

    def __str__(self) -> str:
        return self.text
