from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit import reports


class Command(BaseCommand):
    help = "Make the daily reports of a range of days anew from the record. Safe to run twice and at any time."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="first", type=date.fromisoformat, required=True, metavar="DAY")
        parser.add_argument("--to", dest="last", type=date.fromisoformat, required=True, metavar="DAY")

    def handle(self, *, first: date, last: date, **options: Any) -> None:
        if first > last:
            raise CommandError(f"--from {first} is after --to {last}")
        for day in reports.days_between(first, last):
            rows = reports.rebuild_daily_report(day)
            self.stdout.write(f"{day}: {rows} rows")
