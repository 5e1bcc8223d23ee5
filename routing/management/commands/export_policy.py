"""Writes a policy as one YAML file: the published one, an older version, or the draft."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from routing import policies
from routing.models import PolicyVersion


class Command(BaseCommand):
    help = "Writes the published policy as one YAML file, to read, to keep or for import_policy."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="Where to write; without it, to the standard output.")
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--policy-version", type=int, help="An older version's number (default: the published one).")
        which.add_argument("--draft", action="store_true", help="The draft, published or not.")

    def handle(self, *args: Any, **options: Any) -> None:
        text = self.draft() if options["draft"] else self.version(options["policy_version"])
        if options["file"] is None:
            self.stdout.write(text, ending="")
            return
        try:
            options["file"].write_text(text)
        except OSError as exc:
            raise CommandError(f"{options['file']} cannot be written: {exc.strerror}") from exc
        self.stdout.write(f"Written: {options['file']}")

    def draft(self) -> str:
        return policies.to_yaml(policies.draft_content(), "SmartGateway policy, the draft")

    def version(self, number: int | None) -> str:
        versions = PolicyVersion.objects.all() if number is None else PolicyVersion.objects.filter(number=number)
        version = versions.newest()
        if version is None:
            what = "No policy is published: run `manage.py bootstrap` first." if number is None else "No such version."
            raise CommandError(what)
        return policies.version_yaml(version)
