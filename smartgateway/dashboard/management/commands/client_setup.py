"""Prints how each client is pointed at the gateway, as docs/clients.md has it."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from smartgateway.dashboard.clients import EXAMPLE_KEY, EXAMPLE_URL, as_markdown


class Command(BaseCommand):
    help = "Prints the set-up of each client, in Markdown."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", default=settings.PUBLIC_URL or EXAMPLE_URL, help="The gateway's address.")
        parser.add_argument("--key", default=EXAMPLE_KEY, help="The key to fill in.")

    def handle(self, *args: Any, **options: Any) -> None:
        values = {
            "GATEWAY_URL": options["url"].rstrip("/").removesuffix("/v1"),
            "GATEWAY_KEY": options["key"],
            "OPUS_ID": settings.OPUS_MODEL,
            "SONNET_ID": settings.DEFAULT_MODEL,
        }
        self.stdout.write(as_markdown(values), ending="")
