"""Lays a policy file over the draft, and with `--publish NOTE` publishes it."""

from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from routing import policies

AUTHOR = "import_policy"


class Command(BaseCommand):
    help = (
        "Lays a policy file over the draft: what it names is replaced, what it leaves out stays. "
        "Nothing is written where anything in it is wrong."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="YAML, as export_policy writes it; a part of it will do.")
        parser.add_argument("--check", action="store_true", help="Only say what it would change.")
        parser.add_argument("--publish", metavar="NOTE", help="Publish the draft right away, with this note.")
        parser.add_argument("--author", default=AUTHOR, help=f"Whose change it is (default: {AUTHOR}).")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            text = options["file"].read_text()
        except (OSError, UnicodeDecodeError) as exc:
            raise CommandError(f"{options['file']} cannot be read: {exc}") from exc
        try:
            self.load(text, options)
        except ValidationError as refused:
            raise CommandError("\n".join(refused.messages)) from None

    @transaction.atomic
    def load(self, text: str, options: dict[str, Any]) -> None:
        draft = policies.draft_content()
        content = policies.imported(text, draft)
        for sentence in policies.changes(draft, content) or [policies.Sentence("The draft says the same already.")]:
            self.stdout.write(sentence.whole or sentence)
        if options["check"]:
            return
        policies.replace_draft(content, "imported", author=options["author"], name=options["file"].name)
        if options["publish"] is not None:
            version = policies.publish(options["publish"], author=options["author"])
            self.stdout.write(f"Version {version.number} is published.")
