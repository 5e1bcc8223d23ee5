"""What the process `web` runs: the serving processes on one listening socket, and the shipper behind them."""

import asyncio
import socket
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from smartgateway.local.listening import CannotListenError, listen
from smartgateway.local.supervisor import BackOff, Part, Supervisor
from smartgateway.local.worker import DRAIN_SECONDS

SHIPPER = Part("shipper", (sys.executable, "manage.py", "ship"), grace_seconds=25)


class Command(BaseCommand):
    help = "Serve the gateway: WEB_CONCURRENCY processes and the shipper. SIGTERM drains all of it."

    def handle(self, **options: Any) -> None:
        try:
            listener = listen(settings.HOST, settings.PORT)
        except CannotListenError as error:
            raise CommandError(str(error)) from error
        with listener:
            self.stdout.write(f"Listening on {settings.HOST}:{settings.PORT}, {settings.WEB_CONCURRENCY} processes")
            self.stdout.flush()
            parts = [SHIPPER, *(serving(number, listener.fileno()) for number in range(settings.WEB_CONCURRENCY))]
            status = asyncio.run(self.supervisor(parts, listener).run())
        sys.exit(status)

    def supervisor(self, parts: list[Part], listener: socket.socket) -> Supervisor:
        """It lets go of the port when it stops: else the system goes on to take in connections that nobody serves."""
        return Supervisor(parts, self.tell, relays_output=False, back_off=soon, when_stopping=listener.close)

    def tell(self, name: str, line: str) -> None:
        self.stderr.write(f"{name} {line}".strip())


def soon() -> BackOff:
    """Clients wait for what ended: it is never long until it starts again."""
    return BackOff(first_seconds=0.2, longest_seconds=5.0, steady_seconds=10.0)


def serving(number: int, listener: int) -> Part:
    """Stops before the shipper does, so that the shipper carries the last records away."""
    return Part(
        f"serving process {number + 1}",
        (sys.executable, "-m", "smartgateway.local.worker", str(listener)),
        needs=(SHIPPER.name,),
        pass_fds=(listener,),
        grace_seconds=DRAIN_SECONDS + 5,
    )
