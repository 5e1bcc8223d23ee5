"""The files an operator copies and a platform reads agree with the code."""

import ast
import os
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from tests.environment import variables

ROOT = Path(settings.BASE_DIR)
READERS = {
    "read",
    "positive",
    "not_negative",
    "base_url",
    "choice",
    "bool",
    "database",
    "redis_url",
    "time_zone",
    "chain_key",
}
ABOUT_THE_FILE_ITSELF = {"READ_DOT_ENV"}


def variables_read_by_settings():
    calls = [
        node
        for node in ast.walk(ast.parse((ROOT / "smartgateway/settings.py").read_text()))
        if isinstance(node, ast.Call)
    ]
    readers = [call for call in calls if getattr(call.func, "id", getattr(call.func, "attr", "")) in READERS]
    literals = [[arg.value for arg in call.args if isinstance(arg, ast.Constant)] for call in readers]
    names = [[value for value in values if str(value).isupper()] for values in literals]
    return {first for first, *_ in filter(None, names)}


def test_the_example_names_exactly_the_variables_that_settings_read():
    named = variables((ROOT / ".env.example").read_text())

    assert named == variables_read_by_settings() - ABOUT_THE_FILE_ITSELF


def test_the_example_with_every_line_uncommented_is_a_valid_configuration():
    text = (ROOT / ".env.example").read_text()
    names = variables(text)
    lines = [line.removeprefix("# ") for line in text.splitlines() if line.removeprefix("# ").split("=")[0] in names]
    values = {
        **dict(line.split("=", 1) for line in lines),
        "READ_DOT_ENV": "0",
        "SECRET_KEY": "x" * 50,
        "AUDIT_CHAIN_KEY": "y" * 50,
    }
    environment = {name: value for name, value in os.environ.items() if name not in names} | values

    result = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )

    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(("debug", "starts"), [("0", False), ("1", True)])
def test_without_a_chain_key_nothing_starts_but_where_debugging(debug, starts):
    environment = {**os.environ, "AUDIT_CHAIN_KEY": "", "DEBUG": debug}

    result = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )

    assert (result.returncode == 0) is starts
    assert starts or "AUDIT_CHAIN_KEY is not set" in result.stderr


def test_no_pre_commit_hook_is_downloaded():
    configuration = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())

    assert {repo["repo"] for repo in configuration["repos"]} == {"local"}
    assert {hook["language"] for repo in configuration["repos"] for hook in repo["hooks"]} == {"system"}


def test_the_platform_runs_release_web_worker_and_beat():
    processes = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())

    assert set(processes) == {"release", "web", "worker", "beat"}
    assert "bootstrap" in processes["release"]
    assert "AUDIT_DURABILITY" in processes["web"]


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        pytest.param("DATABASE_URL", "nonsense", "DATABASE_URL is not a database address", id="no address"),
        pytest.param(
            "DATABASE_URL", "postgres://u:se/cret@h/db", "DATABASE_URL is not a database address", id="a bad one"
        ),
        pytest.param("DATABASE_URL", "postgres//u:secret@h/db", "DATABASE_URL is not a database address", id="a slip"),
        pytest.param("REDIS_URL", "u:secret@h", "REDIS_URL is not a Redis address", id="no Redis"),
        pytest.param("REPORT_TIME_ZONE", "Mars/Base", "REPORT_TIME_ZONE is 'Mars/Base'", id="no such place"),
        pytest.param("PORT", "eighty", "PORT is 'eighty': use a whole number", id="no number"),
        pytest.param("ROUTING_CLASSIFIER_TIMEOUT", "5 min", "ROUTING_CLASSIFIER_TIMEOUT is '5 min'", id="a unit"),
        pytest.param("HTTPS", "maybe", "HTTPS is 'maybe': use 1 or 0", id="neither true nor false"),
        pytest.param("LOG_LEVEL", "LOUD", "LOG_LEVEL is 'LOUD': use one of", id="no such choice"),
        pytest.param("LOCAL_LLM_BASE_URL", "models:8000", "LOCAL_LLM_BASE_URL is", id="no scheme"),
        pytest.param("LOCAL_LLM_BASE_URL", "http://u:se/cret@h", "LOCAL_LLM_BASE_URL is no web address", id="no port"),
        pytest.param("ANTHROPIC_BASE_URL", "https://", "ANTHROPIC_BASE_URL is no web address", id="no host"),
        pytest.param("LOCAL_MAX_INFLIGHT", "0", "LOCAL_MAX_INFLIGHT is 0", id="nothing at all"),
    ],
)
def test_a_malformed_variable_stops_the_start_and_is_named_without_its_secret(variable, value, sentence):
    environment = {**os.environ, variable: value}

    command = [sys.executable, "-c", "import smartgateway.settings"]
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)

    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].startswith(f"django.core.exceptions.ImproperlyConfigured: {sentence}")
    assert "cret" not in result.stderr.replace("SECRET", "")


@pytest.mark.parametrize(
    ("user", "sent"),
    [
        pytest.param("me:pass@", "me:pass", id="user and password"),
        pytest.param("me:p%40ss%3A@", "me:p@ss:", id="escaped"),
        pytest.param("token@", "token:", id="a token alone"),
    ],
)
def test_a_user_in_an_address_becomes_a_header_and_is_no_part_of_the_address(user, sent):
    environment = {**os.environ, "LOCAL_LLM_BASE_URL": f"https://{user}models.example.com:8443/api/v1/"}

    show = "from smartgateway import settings; print(settings.LOCAL_LLM_BASE_URL, settings.LOCAL_LLM_BASIC_AUTH)"
    shown = subprocess.check_output([sys.executable, "-c", show], cwd=ROOT, env=environment, text=True)

    header = f"Basic {b64encode(sent.encode()).decode()}"
    assert shown.strip() == f"https://models.example.com:8443/api {header}"


SHOW_WEB = """
from smartgateway import settings as s
flags = s.SECURE_SSL_REDIRECT, s.SESSION_COOKIE_SECURE, s.SECURE_HSTS_SECONDS > 0
print(s.ALLOWED_HOSTS[-1], *s.CSRF_TRUSTED_ORIGINS, *flags)
"""


@pytest.mark.parametrize(
    ("variables", "shown"),
    [
        pytest.param(
            {"PUBLIC_URL": "https://gateway.example.com/"},
            "gateway.example.com https://gateway.example.com True True True",
            id="https",
        ),
        pytest.param(
            {"PUBLIC_URL": "http://models.local:8000"},
            "models.local http://models.local:8000 False False False",
            id="http",
        ),
        pytest.param({}, "[::1] False False False", id="none"),
        pytest.param({"HTTPS": "on"}, "[::1] True True True", id="https alone"),
    ],
)
def test_the_public_address_gives_hosts_origins_and_safe_cookies(variables, shown):
    environment = {**os.environ, **variables}

    printed = subprocess.check_output([sys.executable, "-c", SHOW_WEB], cwd=ROOT, env=environment, text=True)

    assert printed.strip() == shown


def test_an_address_without_a_user_has_no_such_header():
    assert settings.LOCAL_LLM_BASIC_AUTH == settings.ANTHROPIC_BASIC_AUTH == ""
