import pytest

from routing.engine.features import Features
from routing.engine.naming import HOLDING, SPEAKING, NamedList, Names, holding, missing, speaking
from routing.engine.rules import OTHERS, OUTWEIGHING
from routing.engine.types import phrase_id
from routing.tests.engine.given import defaults, measured, shipped, system

NAMES = Names(shipped())


def lists(features):
    return {each.name: (each.counted, each.others) for each in NAMES.named(features).lists}


@pytest.mark.parametrize(
    ("messages", "name", "counted", "others"),
    [
        pytest.param(["Explain how to prove it"], "simple_task", ("explain",), (), id="one that counts"),
        pytest.param(["prove it"], "simple_task", None, None, id="none"),
        pytest.param(["a security audit"], "deep_reasoning", ("security audit",), ("audit",), id="in a longer one"),
        pytest.param(
            [system("<user_query> is where the user speaks"), "go"], "agentic_marker", None, None, id="system"
        ),
    ],
)
def test_phrases_are_named_by_whether_they_count(messages, name, counted, others):
    found = lists(measured(*messages))

    assert found.get(name, (None, None)) == (counted, others)


def test_what_a_clients_housekeeping_brings_along_is_named_apart():
    brought = measured("Generate a concise, 3-5 word title: prove the theorem and explain it")

    found = lists(brought)

    assert brought.is_housekeeping
    assert found["housekeeping"][0]
    assert found["deep_reasoning"] == ((), ("prove", "theorem*"))


def test_tags_and_what_introduced_material_are_named():
    found = NAMES.named(measured("<system-reminder>be brief</system-reminder>Explain: prove it"))

    assert found.tags == ("system-reminder",)
    assert found.introduced_by == ("explain",)


def test_what_another_policy_called_its_own_is_left_out():
    features = Features(hits={"simple_task": (phrase_id("explain"), 1)})

    assert NAMES.counted(features) == {"simple_task": ("explain",)}


def test_the_title_of_a_list_reads_as_words():
    assert NamedList("simple_task", (), ()).title == "simple task"


def test_the_phrases_of_a_rule_are_those_of_all_its_lists():
    texts = {"scope": ("roadmap",), "deep_reasoning": ("prove",), "greeting": ("hi",)}

    assert speaking("opus_score", texts) == ("prove", "roadmap")
    assert speaking("named_files", texts) == ()


def test_every_rule_and_list_that_speaks_is_there():
    rules = {rule.__name__ for rule in (*OTHERS, *OUTWEIGHING)}

    assert SPEAKING.keys() <= rules | {"opus_score", "keyword_opus"}
    assert {name for of in (SPEAKING, HOLDING) for listed in of.values() for name in listed} <= defaults()[
        "phrases"
    ].keys()


def test_the_phrases_that_keep_a_rule_from_firing_are_those_of_its_guards():
    texts = {"investigation": ("root cause",), "simple_task": ("explain",)}

    assert holding("simple_task", texts) == ("root cause",)
    assert holding("tool_loop", texts) == ()


def test_what_is_missing_elsewhere_is_told_list_by_list():
    assert missing({"scope": ("a", "b"), "greeting": ("a",)}, {"scope": ("b",)}) == {
        "scope": ("a",),
        "greeting": ("a",),
    }
