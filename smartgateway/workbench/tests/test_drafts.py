import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from routing import connections, policies
from routing.capabilities.server import LocalServer
from routing.models import AdminChange, Phrase, PhraseList, PolicyVersion, Threshold
from tests.forms import sent_by

pytestmark = pytest.mark.usefixtures("first")
IMPORT, PRESETS = reverse("workbench:import"), reverse("workbench:presets")
VERSION = reverse("workbench:version", args=[1])
FEWER_OPUS = "thresholds: {opus_score_threshold: 0.75}"


def text(response):
    return response.content.decode()


def value():
    return Threshold.objects.get(name="opus_score_threshold").value


def test_an_import_first_shows_what_it_would_change(admin_client):
    page = text(admin_client.post(IMPORT, {"text": FEWER_OPUS}))

    assert "Threshold opus_score_threshold: 0.5 → 0.75." in page
    assert value() == 0.5


@pytest.mark.parametrize("way", ["text", "file"])
def test_what_was_exported_is_loaded_by_the_form_that_shows_what_it_changes(admin_client, change, way):
    exported = admin_client.get(reverse("workbench:draft_file")).content
    change()
    sent = exported.decode() if way == "text" else SimpleUploadedFile("policy.yaml", exported)
    preview = admin_client.post(IMPORT, sent_by(admin_client.get(IMPORT), text="") | {way: sent})

    answer = admin_client.post(IMPORT, sent_by(preview, "load"), follow=True)

    assert "The draft now holds" in text(answer)
    assert exported.startswith(b"# SmartGateway policy")
    assert value() == 0.5
    assert AdminChange.objects.get(action="imported").name == ("pasted" if way == "text" else "policy.yaml")


def test_a_text_is_loaded_as_it_was_looked_at_line_ends_and_marks_included(admin_client):
    given = 'phrases:\r\n  scope: ["</textarea>&amp;\\u2028", "\\\\n"]\n\n'
    preview = admin_client.post(IMPORT, {"file": SimpleUploadedFile("policy.yaml", given.encode())})

    sent = sent_by(preview, "load")
    admin_client.post(IMPORT, sent)

    assert json.loads(sent["seen"]) == ["policy.yaml", given]
    scope = PhraseList.objects.get(name="scope")
    assert {*Phrase.objects.filter(phrase_list=scope).values_list("text", flat=True)} == {
        "</textarea>&amp;\u2028",
        "\\n",
    }


@pytest.mark.parametrize(
    ("address", "action", "typed"),
    [
        pytest.param(reverse("workbench:publish"), None, {"note": "Fewer opus"}, id="publishing"),
        pytest.param(PRESETS, reverse("workbench:load_preset", args=["cautious"]), {}, id="a preset"),
        pytest.param(VERSION, reverse("workbench:reset", args=[1]), {}, id="an older version"),
        pytest.param(IMPORT, None, {"seen": '["pasted", "mode: keyword"]'}, id="an import"),
    ],
)
def test_who_changed_the_draft_meanwhile_and_how_is_said(admin_client, bob, change, address, action, typed):
    change(0.6)
    opened = admin_client.post(IMPORT, {"text": "mode: keyword"}) if address == IMPORT else admin_client.get(address)
    row = reverse("admin:routing_threshold_change", args=[Threshold.objects.get(name="opus_score_threshold").pk])
    bob.post(row, sent_by(bob.get(row), "_save", value="0.9"))

    sent = sent_by(opened, "load" if address == IMPORT else None, action=action, **typed)
    answer = admin_client.post(action or address, sent, follow=True)

    assert "The draft changed while you looked at it (bob changed threshold opus_score_threshold at" in text(answer)
    assert "(value: 0.6 → 0.9)" in text(answer)
    assert (value(), policies.draft_content()["mode"], PolicyVersion.objects.count()) == (0.9, "local_first", 1)


def test_everything_that_an_import_changes_is_there_to_be_read(admin_client):
    phrases = [f"phrase number {number}" for number in range(74)]
    given = "phrases:\n  scope:\n" + "".join(f"    - {phrase}\n" for phrase in phrases)

    page = text(admin_client.post(IMPORT, {"text": given}))
    admin_client.post(IMPORT, {"text": given, "load": "1"})
    publish = text(admin_client.get(reverse("workbench:publish")))

    for told in (page, publish):
        assert "and 66 more" in told
        rest = told.partition("<details>")[2].partition("</details>")[0]
        assert all(f"&#x27;{phrase}&#x27;" in rest for phrase in phrases)


def test_an_import_warns_of_a_local_model_that_the_server_does_not_list(admin_client, monkeypatch):
    monkeypatch.setattr(connections.current(), "server", LocalServer(is_reachable=True, models=frozenset({"other:7b"})))
    preview = admin_client.post(IMPORT, {"text": "models: {local: 'qwen9:7b'}"})

    answer = admin_client.post(IMPORT, sent_by(preview, "load"), follow=True)

    assert "local: the local server does not list &#x27;qwen9:7b&#x27; just now" in text(answer)
    assert policies.draft_content()["models"]["local"] == "qwen9:7b"


def test_an_import_is_loaded_into_the_draft_and_stays_on_record(admin_client, admin_user, seen):
    answer = admin_client.post(IMPORT, {"text": FEWER_OPUS, "load": "1", "seen_digest": seen()}, follow=True)

    entry = AdminChange.objects.get(action="imported")
    assert "What changes against version 1" in text(answer)
    assert (value(), policies.current().version) == (0.75, 1)
    assert (entry.author, entry.after) == (admin_user.username, {"threshold opus_score_threshold": 0.75})


def test_a_draft_that_moved_meanwhile_is_not_replaced(admin_client, change, seen):
    looked_at = seen()
    change(0.9)

    form = {"text": FEWER_OPUS, "load": "1", "seen_digest": looked_at}
    answer = admin_client.post(IMPORT, form, follow=True)

    assert "changed while you looked" in text(answer)
    assert value() == 0.9


def test_an_exported_draft_can_be_uploaded_again(admin_client, change):
    exported = admin_client.get(reverse("workbench:draft_file"))
    change()

    page = text(admin_client.post(IMPORT, {"file": SimpleUploadedFile("policy.yaml", exported.content)}))

    assert exported.headers["Content-Disposition"] == 'attachment; filename="policy-draft.yaml"'
    assert "Threshold opus_score_threshold: 0.75 → 0.5." in page


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        pytest.param({"text": ""}, "Paste a policy, or choose its file.", id="nothing"),
        pytest.param({"text": "mode: random"}, "&#x27;random&#x27; is none of local_first", id="an unknown mode"),
        pytest.param({"text": "a: &a [1]\nb: *a"}, "a policy file has no aliases", id="an alias of YAML"),
        pytest.param({"text": "x" * 10_000_000}, "10,000,000 bytes: a policy file has at most", id="a huge paste"),
        pytest.param({"file": ("policy.yaml", b"\xff\xfe")}, "This is no text in UTF-8.", id="no text"),
        pytest.param({"file": ("policy.yaml", b"x" * 2_000_000)}, "2,000,000 bytes: a policy", id="a huge file"),
    ],
)
def test_what_cannot_be_imported_is_refused_beside_its_field(admin_client, form, reason):
    if "file" in form:
        form = {"file": SimpleUploadedFile(*form["file"])}

    answer = admin_client.post(IMPORT, {**form, "load": "1"})

    assert answer.status_code == 200
    assert reason in text(answer)
    assert policies.draft_changes() == []


def test_a_form_that_is_too_large_to_be_read_at_all_is_refused_in_words(admin_client):
    answer = admin_client.post(IMPORT, {"text": "x" * 17 * 1024 * 1024})

    assert answer.status_code == 400
    assert "A form takes at most 16 MiB" in text(answer)


def test_a_preset_says_what_it_would_change(admin_client):
    page = text(admin_client.get(PRESETS))

    assert "Switch fallback_local_if_unopposed: off → on." in page
    assert page.count("as in the draft") == 1


def test_a_preset_is_loaded_into_the_draft_and_stays_on_record(admin_client, seen):
    answer = admin_client.post(
        reverse("workbench:load_preset", args=["cautious"]), {"seen_digest": seen()}, follow=True
    )

    assert "The draft now holds “Cautious”" in text(answer)
    assert policies.draft_content()["switches"]["ask_classifier"] is False
    assert AdminChange.objects.get(action="preset").name == "Cautious"
    assert policies.current().version == 1


def test_there_is_no_other_preset(admin_client):
    assert admin_client.post(reverse("workbench:load_preset", args=["reckless"])).status_code == 404


def test_the_draft_goes_back_to_a_version(admin_client, change, seen):
    change()

    admin_client.post(reverse("workbench:reset", args=[1]), {"seen_digest": seen()})

    assert value() == 0.5
    assert AdminChange.objects.get(action="reset").name == "version 1"


@pytest.mark.parametrize(
    "address", [IMPORT, PRESETS, reverse("workbench:draft_file"), reverse("workbench:compare"), "/workbench/publish/"]
)
def test_these_pages_are_for_admins(client, django_user_model, address):
    client.force_login(django_user_model.objects.create_user("ada"))

    assert client.get(address).status_code == 403
