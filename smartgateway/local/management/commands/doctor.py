import sys
from typing import Any

from django.core.management.base import BaseCommand

from smartgateway.local.doctor import examine


class Command(BaseCommand):
    help = "Look at what the gateway stands on and at the processes that serve. Exit status 1 when one is not well."
    requires_system_checks = ()

    def handle(self, **options: Any) -> None:
        states = []
        for state in examine():
            states.append(state)
            for line in state.lines():
                self.stdout.write(line)
        sys.exit(any(state.is_well is False for state in states))
