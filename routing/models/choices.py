"""What an operator chooses from."""

from django.db import models


class Slot(models.TextChoices):
    LOCAL = "local"
    HAIKU = "haiku"
    SONNET = "sonnet"
    OPUS = "opus"
    CLASSIFIER = "classifier"


class Rung(models.TextChoices):
    """What a fallback may start from and lead to."""

    LOCAL = "local"
    HAIKU = "haiku"
    SONNET = "sonnet"
    OPUS = "opus"


class Mode(models.TextChoices):
    LOCAL_FIRST = "local_first", "local first: the cheapest tier that is good enough"
    KEYWORD = "keyword", "keyword: Claude only, opus or sonnet by keywords"
    OBSERVE = "observe", "observe: nothing is routed, what auto would have chosen is recorded beside it"


class AmbiguousTier(models.TextChoices):
    LOCAL = "local"
    SONNET = "sonnet"
    OPUS = "opus"
