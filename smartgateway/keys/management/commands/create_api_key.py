from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from smartgateway.keys.issuing import DEFAULT_TEAM, issue


class Command(BaseCommand):
    help = "Creates an API key and prints it once; only the key itself goes to standard output."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="where the key is used, for example laptop or ci")
        parser.add_argument("--team", default=DEFAULT_TEAM, help="created if it is new (default: %(default)s)")

    def handle(self, *args: Any, name: str, team: str, **options: Any) -> None:
        try:
            key, secret = issue(name, team)
        except ValidationError as exc:
            raise CommandError("; ".join(exc.messages)) from exc
        limit = key.requests_per_minute
        self.stderr.write(f"Key {key.name} of team {key.team}, {limit} requests per minute. It is shown only now:")
        self.stdout.write(secret)
