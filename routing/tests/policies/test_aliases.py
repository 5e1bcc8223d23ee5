import pytest
from django.core.exceptions import ValidationError

from routing import policies
from routing.models import ModelAlias
from routing.policies.aliases import MOST_ALIASES, problems_among


class Counted(dict):
    """Counts how often a name is looked up."""

    lookups = 0

    def __contains__(self, name):
        self.lookups += 1
        return super().__contains__(name)


def chain(length, end="auto"):
    return Counted({f"a{n}": f"a{n + 1}" for n in range(length - 1)} | {f"a{length - 1}": end})


@pytest.mark.parametrize(
    ("aliases", "problems"),
    [
        pytest.param({"fast": "auto", "quick-*": "haiku"}, {}, id="sound"),
        pytest.param({"sonnet": "opus"}, {"sonnet": ["This name has a meaning of its own."]}, id="a tier"),
        pytest.param(
            {"Local:x": "auto", "ollama:*": "auto"},
            {name: ["This name has a meaning of its own."] for name in ("Local:x", "ollama:*")},
            id="a local model's name",
        ),
        pytest.param(
            {"fast": "auto", "FAST": "opus"},
            {name: ["The same name is there in other letters."] for name in ("fast", "FAST")},
            id="one name in two cases",
        ),
        pytest.param(
            {"a": "b", "b": "c", "c": "haiku"},
            {name: ["An alias does not lead to another alias: name 'haiku' itself."] for name in ("a", "b")},
            id="an alias of an alias",
        ),
        pytest.param(
            {"into": "a", "a": "b", "b": "a"},
            {
                "into": ["It runs in a circle: a → b → a."],
                "a": ["It runs in a circle: b → a → b."],
                "b": ["It runs in a circle: a → b → a."],
            },
            id="a way into a circle",
        ),
        pytest.param(
            {"fast": "gpt-5-mini", "gpt-*": "auto", "gpt-5*": "fast"},
            {
                "fast": ["It runs in a circle: gpt-5-mini → fast → gpt-5-mini."],
                "gpt-5*": ["It runs in a circle: fast → gpt-5-mini → fast."],
            },
            id="the longest beginning is followed",
        ),
        pytest.param(
            {"*": "auto", "fast": "nonsense"},
            {"fast": ["'nonsense' is no known model: use auto, a tier, local:<name> or a model that has a price."]},
            id="what takes every name is no way to go on",
        ),
    ],
)
def test_what_is_wrong_is_said_of_each_alias(aliases, problems):
    assert problems_among(aliases, ()) == problems


def test_only_so_much_of_a_long_circle_is_shown():
    problems = problems_among(chain(20, end="a0"), ())

    assert problems["a0"] == ["It runs in a circle: a1 → a2 → a3 → a4 → a5 → a6 → a7 → a8 → …."]


@pytest.mark.parametrize("end", ["auto", "nothing", "a0"])
def test_no_alias_of_a_chain_is_followed_twice(end):
    aliases = chain(2_000, end)

    problems_among(aliases, ())

    assert aliases.lookups < 20 * len(aliases)


@pytest.fixture
def _full(db):
    policies.load_defaults()
    missing = MOST_ALIASES - ModelAlias.objects.count()
    ModelAlias.objects.bulk_create(ModelAlias(pattern=f"name-{n}", target="auto") for n in range(missing))


@pytest.mark.usefixtures("_full")
def test_as_many_aliases_as_are_allowed_are_published():
    assert policies.publish("Many names").content["aliases"][-1]["target"] == "auto"


@pytest.mark.usefixtures("_full")
def test_one_alias_more_is_not_published():
    ModelAlias.objects.create(pattern="one-more", target="auto")

    with pytest.raises(ValidationError) as refused:
        policies.publish("Too many names")

    assert refused.value.message_dict == {"alias": ["1,001 aliases: keep at most 1,000."]}
