import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from routing import policies
from routing.calibration import CannotCalibrateError, Sorted, calibrated, labelled, report
from routing.engine.types import Tier
from routing.tests.engine.given import policy, shipped
from tests.doubles.ollama import OllamaDouble
from tests.doubles.serving import serving

MODEL = "qwen2.5-coder:14b-instruct"


class Judge:
    """Says opus of whatever speaks of a proof, local of the rest, and nonsense of what is to confuse it."""

    async def count(self, messages):
        return 10

    async def reply(self, request, messages):
        said = messages[-1].content
        yield "hm" if "confuse" in said else json.dumps({"tier": "opus" if "prove" in said else "local", "reason": "r"})


@pytest.fixture
def judge(settings):
    with serving(OllamaDouble(Judge())) as address:
        settings.LOCAL_LLM_BASE_URL = address
        yield


def row(text, label="local", **more):
    return {"messages": [{"role": "user", "content": text}], "label_tier": label, **more}


ROWS = [
    row("hello"),
    row("prove it", "opus"),
    row("prove it", "sonnet"),
    row("hello", "sonnet"),
    row("confuse", "opus"),
    row("hello", none_good=True),
]


def test_a_candidate_is_asked_about_every_request_and_held_against_its_label(judge):
    found = report(list(calibrated([labelled(each) for each in ROWS], shipped(), MODEL)), MODEL)

    assert (found["rows"], found["graded"], found["invalid"], found["timeouts"]) == (6, 5, 1, 0)
    assert (found["agreement"], found["too_weak"], found["too_strong"]) == (0.4, 0.2, 0.2)
    assert found["answered"] == round(5 / 6, 4)
    assert found["confusion"]["sonnet"] == {"local": 1, "sonnet": 0, "opus": 1, "none": 0}
    assert found["confusion"]["opus"] == {"local": 0, "sonnet": 0, "opus": 1, "none": 1}
    assert 0 < found["latency_ms"]["p50"] <= found["latency_ms"]["p95"] <= found["latency_ms"]["max"]


def test_the_same_request_is_asked_again_each_time(judge):
    found = list(calibrated([labelled(row("hello"))] * 3, shipped(), MODEL))

    assert all(each.latency_ms > 0 for each in found)


def test_what_takes_longer_than_phase_2_waits_is_counted_as_too_slow(judge):
    hasty = policy({"classifier_timeout_seconds": 1e-9})

    found = report(list(calibrated([labelled(row("hello"))], hasty, MODEL)), MODEL)

    assert (found["timeouts"], found["answered"]) == (1, 0.0)


def test_other_errors_are_counted_by_their_kind():
    found = report([Sorted(Tier.LOCAL, None, "error:overloaded", 1.0)], MODEL)

    assert found["errors"] == {"error:overloaded": 1}


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({}, "messages is missing"),
        ([], "the line is a list"),
        ({**row("hello"), "messages": "x"}, 'messages is "x": it must be a list'),
        (row("hello", "haiku"), 'label_tier is "haiku"'),
    ],
    ids=range(4),
)
def test_what_is_no_labelled_request_is_refused(broken, reason):
    with pytest.raises(CannotCalibrateError, match=reason):
        labelled(broken)


def test_a_model_that_is_not_installed_is_said_with_those_that_are(judge):
    with pytest.raises(CannotCalibrateError, match=f"'gtp' is not installed there. Installed are: {MODEL}"):
        list(calibrated([labelled(row("hello"))], shipped(), "gtp"))


@pytest.mark.parametrize(
    ("address", "reason"), [("", "LOCAL_LLM_BASE_URL"), ("http://127.0.0.1:9", "does not answer")], ids=["none", "away"]
)
def test_without_a_local_server_nothing_can_be_asked(settings, address, reason):
    settings.LOCAL_LLM_BASE_URL = address

    with pytest.raises(CannotCalibrateError, match=reason):
        list(calibrated([labelled(row("hello"))], shipped(), MODEL))


@pytest.fixture
def file(tmp_path):
    def write(*rows):
        path = tmp_path / "rows.jsonl"
        path.write_text("\n".join(each if isinstance(each, str) else json.dumps(each) for each in rows))
        return path

    return write


@pytest.fixture
def published(monkeypatch):
    monkeypatch.setattr(policies, "current", shipped)


def run(*arguments):
    out = StringIO()
    call_command("calibrate_classifier", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_prints_tables_or_json(judge, published, file):
    path = file(*ROWS)

    assert "agrees with the label                  40.0%" in run(path)
    assert json.loads(run(path, "--json", "--model", MODEL))["agreement"] == 0.4


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ((), "holds no request"),
        ((row("hello"), "{"), "line 2"),
        ((row("hello", "haiku"),), "line 1: label_tier is"),
    ],
    ids=["empty", "half a line", "another label"],
)
def test_the_command_says_what_is_wrong_with_a_file(published, file, rows, reason):
    with pytest.raises(CommandError, match=reason):
        run(file(*rows))


def test_the_command_says_what_is_missing(published, file, tmp_path, settings, monkeypatch):
    settings.LOCAL_LLM_BASE_URL = ""
    with pytest.raises(CommandError, match="LOCAL_LLM_BASE_URL"):
        run(file(row("hello")))
    with pytest.raises(CommandError, match="cannot be read"):
        run(tmp_path / "nothing.jsonl")


def test_without_a_policy_the_command_says_so(file, monkeypatch):
    def missing():
        raise policies.PolicyMissingError

    monkeypatch.setattr(policies, "current", missing)

    with pytest.raises(CommandError, match="bootstrap"):
        run(file(row("hello")))
