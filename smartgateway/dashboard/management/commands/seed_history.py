from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.reports import rebuild_daily_report, today
from routing import policies
from smartgateway.dashboard import samples


class Command(BaseCommand):
    help = "Adds a synthetic history to try the dashboards with, of teams named (sample); --remove takes it away whole."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=int, default=30, help="Up to today (default: 30).")
        parser.add_argument("--per-day", type=int, default=1000, help="Requests on a working day (default: 1000).")
        parser.add_argument("--seed", type=int, default=1, help="The same number draws the same history.")
        parser.add_argument("--remove", action="store_true", help="Remove every synthetic row and their reports.")

    def handle(self, *, days: int, per_day: int, seed: int, remove: bool, **options: Any) -> None:
        if remove:
            self.stdout.write(f"Removed {samples.remove():,} synthetic requests.")
            return
        if days < 1 or per_day < 1:
            raise CommandError("--days and --per-day begin at 1")
        try:
            policies.current()
        except policies.PolicyMissingError as exc:
            raise CommandError("No policy is published: run `manage.py bootstrap` first.") from exc
        requests = 0
        for day, count in samples.seed(days, per_day, seed):
            rebuild_daily_report(day)
            requests += count
            self.stdout.write(f"{day}: {count:,} requests")
        first = today() - timedelta(days=days - 1)
        self.stdout.write(f"{requests:,} synthetic requests since {first}. `seed_history --remove` takes them away.")
