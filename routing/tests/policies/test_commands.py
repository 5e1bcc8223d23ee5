from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from routing import policies
from routing.models import AdminChange, PolicyVersion, Threshold

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def first():
    return policies.load_defaults()


@pytest.fixture
def file(tmp_path):
    return tmp_path / "policy.yaml"


def run(*arguments, **options):
    out = StringIO()
    call_command(*arguments, stdout=out, **options)
    return out.getvalue()


def change(value):
    Threshold.objects.filter(name="opus_score_threshold").update(value=value)


def test_an_exported_policy_can_be_imported_and_published_elsewhere(file, first):
    run("export_policy", file)
    change(0.75)
    policies.publish("Fewer opus")

    told = run("import_policy", file, publish="As it was", author="ada")

    newest = PolicyVersion.objects.newest()
    assert told == "Threshold opus_score_threshold: 0.75 → 0.5.\nVersion 3 is published.\n"
    assert (newest.content, newest.author) == (first.content, "ada")
    assert AdminChange.objects.get(action="imported").author == "ada"


def test_the_published_policy_is_exported_an_older_one_or_the_draft():
    change(0.75)
    policies.publish("Fewer opus")
    change(0.9)

    assert "opus_score_threshold: 0.75\n" in run("export_policy")
    assert "opus_score_threshold: 0.5\n" in run("export_policy", policy_version=1)
    assert "opus_score_threshold: 0.9\n" in run("export_policy", draft=True)


def test_an_import_can_only_be_looked_at(file):
    file.write_text("thresholds: {opus_score_threshold: 0.75}")

    assert run("import_policy", file, check=True) == "Threshold opus_score_threshold: 0.5 → 0.75.\n"

    assert policies.draft_changes() == []


def test_a_wrong_file_changes_nothing(file):
    file.write_text("thresholds: {opus_score_threshold: 0.75}\nmode: random")

    with pytest.raises(CommandError, match="'random' is none of"):
        run("import_policy", file)

    assert policies.draft_changes() == []


def test_what_cannot_be_published_is_not_imported_either(file):
    run("export_policy", file)
    change(0.75)

    with pytest.raises(CommandError, match="equals version 1"):
        run("import_policy", file, publish="The same")

    assert policies.draft_changes() == ["Threshold opus_score_threshold: 0.5 → 0.75."]


@pytest.mark.parametrize("command", ["export_policy", "import_policy"])
def test_a_file_that_is_not_there_is_named(command, tmp_path):
    with pytest.raises(CommandError, match=r"missing/policy\.yaml cannot be"):
        run(command, tmp_path / "missing" / "policy.yaml")


def test_a_version_that_is_not_there_is_said():
    with pytest.raises(CommandError, match="No such version"):
        run("export_policy", policy_version=9)
