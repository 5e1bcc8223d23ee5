"""`make run`: prepares what is missing, then keeps every part running in one terminal until Ctrl-C."""

import asyncio
import ctypes
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import django
import environ
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from smartgateway.local import dotenv, parts, running, surroundings
from smartgateway.local.box import Bootstrapped, box
from smartgateway.local.launch import PR_SET_PDEATHSIG
from smartgateway.local.listening import CannotListenError, listen
from smartgateway.local.states import states
from smartgateway.local.supervisor import Supervisor
from smartgateway.local.terminal import Terminal

ROOT = Path(__file__).resolve().parent.parent.parent
STOPPING = "Stopping: requests are finished and recorded first. Ctrl-C once more does not wait for them."
LONGEST_SOCKET_PATH = 100  # the kernel's limit is 108 bytes


class CannotStartError(Exception):
    """One sentence for the person who typed `make run`."""


def main() -> int:
    stop_with_make()
    os.chdir(ROOT)
    try:
        with ExitStack() as stack:
            return start(stack)
    except (
        CannotStartError,
        dotenv.BrokenDotEnvError,
        ImproperlyConfigured,
        CannotListenError,
        running.AlreadyRunsError,
    ) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def start(stack: ExitStack) -> int:
    dotenv.prepare(ROOT / ".env")
    environ.Env.read_env(ROOT / ".env")
    folder = running.FOLDER
    folder.mkdir(exist_ok=True)
    folder.chmod(0o700)  # the record is in it
    stack.enter_context(running.only_one(folder))
    found = surroundings.look()
    model_listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    valkey_socket = stack.enter_context(short_folder(folder)) / "valkey.sock"
    told = found.environment(model_listener.getsockname()[1], valkey_socket)
    running.tell(told, folder)
    os.environ.update(told)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smartgateway.settings")
    django.setup()
    listen(settings.HOST, settings.PORT).close()  # a busy port is said before anything starts
    made = prepare_database()
    wanted = parts.parts(found, model_listener, valkey_socket)
    terminal = Terminal(part.name for part in wanted)

    async def show_box() -> None:
        terminal.show(await asyncio.to_thread(closing_box, made, found))

    supervisor = Supervisor(wanted, terminal.tell, when_stopping=lambda: terminal.show(STOPPING))
    status = asyncio.run(supervisor.run(show_box))
    terminal.show("SmartGateway has stopped.")
    return status


def prepare_database() -> Bootstrapped:
    from django.core.management import call_command
    from django.db import DatabaseError

    from smartgateway.local.bootstrap import bootstrap

    try:
        call_command("migrate", verbosity=0, interactive=False)
        return bootstrap()
    except DatabaseError as error:
        reason = " ".join(str(error).split())
        raise CannotStartError(f"The database in DATABASE_URL cannot be used: {reason}") from error
    except ValueError as error:
        raise CannotStartError(f"The first start could not be prepared: {error}") from error


def closing_box(made: Bootstrapped, found: surroundings.Found) -> str:
    python = os.path.relpath(sys.executable, ROOT) if Path(sys.executable).is_relative_to(ROOT) else sys.executable
    return box(settings.PUBLIC_URL or parts.url(), python, made, states(found))


@contextmanager
def short_folder(folder: Path) -> Iterator[Path]:
    """The folder itself, or a temporary one where its path is too long for a socket."""
    if len(bytes(folder)) < LONGEST_SOCKET_PATH - len("/valkey.sock"):
        yield folder
    else:
        with tempfile.TemporaryDirectory(prefix="smartgateway-") as short:
            yield Path(short)


def stop_with_make() -> None:
    """A `make` that is killed takes this process along, in order."""
    if sys.platform == "linux" and "MAKELEVEL" in os.environ:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
