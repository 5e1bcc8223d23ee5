from typing import Any

from django.core.management.base import BaseCommand

from audit import shipper


class Command(BaseCommand):
    help = "Move records from this host's journals to the database until asked to end. One per host; a second waits."

    def handle(self, **options: Any) -> None:
        shipper.main()
