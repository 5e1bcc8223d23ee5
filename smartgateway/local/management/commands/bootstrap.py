from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from smartgateway.local.bootstrap import bootstrap


class Command(BaseCommand):
    help = "Load the first policy and prices, and make the first admin and API key. Safe to run again."

    def handle(self, **options: Any) -> None:
        try:
            made = bootstrap()
        except (ValidationError, ValueError) as error:
            raise CommandError("; ".join(getattr(error, "messages", [str(error)]))) from error
        self.stdout.write(f"Admin: {made.admin}")
        if made.admin_password:
            self.stdout.write(f"Admin password, shown only now: {made.admin_password}")
        self.stdout.write(f"API key: {made.key_shown or 'none is active: manage.py create_api_key NAME makes one'}")
        if made.key:
            self.stdout.write(f"API key, shown only now: {made.key}")
