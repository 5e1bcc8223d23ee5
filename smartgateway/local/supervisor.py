"""Keeps a few processes running: starts them in order, restarts what ends, stops in reverse, leaves none behind."""

import asyncio
import math
import os
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

LAUNCHER = (sys.executable, "-I", "-S", str(Path(__file__).with_name("launch.py")))
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
READY_POLL_SECONDS = 0.05
FAILED_STARTS = 3
LONGEST_LINE = 65_536


@dataclass(frozen=True)
class Part:
    """A process to keep running. It starts once the parts it `needs` are ready, and stops before they stop.

    What comes `after` others only leaves them the machine until they are ready; it does not wait for them to stop, or
    they for it. Without a part that is not vital and does not start, the others go on.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    is_ready: Callable[[], Awaitable[bool]] | None = None
    pass_fds: tuple[int, ...] = ()
    grace_seconds: float = 10.0
    is_vital: bool = True


class PartFailedError(Exception):
    """A part ended again and again without ever being ready."""


@dataclass
class BackOff:
    """Doubles the wait before each restart; a part that lived long enough starts from the first wait again."""

    first_seconds: float = 0.5
    longest_seconds: float = 30.0
    steady_seconds: float = 60.0
    _next: float = 0.0

    def wait_after(self, lived_seconds: float) -> float:
        if lived_seconds >= self.steady_seconds or not self._next:
            self._next = self.first_seconds
        wait, self._next = self._next, min(self._next * 2, self.longest_seconds)
        return wait


class Supervisor:
    """`tell` gets a part's name and a line: our own words and, with `relays_output`, what the parts print.

    `when_stopping` is called before the first part is asked to stop.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        tell: Callable[[str, str], None],
        *,
        relays_output: bool = True,
        back_off: Callable[[], BackOff] = BackOff,
        slow_start_seconds: float = 20.0,
        when_stopping: Callable[[], None] = lambda: None,
    ) -> None:
        self.parts = parts
        self.tell = tell
        self.relays_output = relays_output
        self.back_off = back_off
        self.slow_start_seconds = slow_start_seconds
        self.when_stopping = when_stopping
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()
        self._ready = {part.name: asyncio.Event() for part in parts}
        self._stopped = {part.name: asyncio.Event() for part in parts}

    def stop(self) -> None:
        """In order, each part with its time to finish; asked a second time, at once."""
        if self._stop.is_set():
            self._hurry.set()
        self._stop.set()

    async def run(self, when_ready: Callable[[], Awaitable[None]] | None = None) -> int:
        """Until a signal to stop (0), or until a part cannot be started (1)."""
        for number in STOP_SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self.stop)
        keepers = {part.name: asyncio.create_task(self._keep(part)) for part in self.parts}
        watched = [asyncio.create_task(self._stop.wait()), asyncio.create_task(self._announce(when_ready))]
        try:
            await self._first_to_end(*keepers.values(), watched[0])
        except PartFailedError as error:
            self.tell("", str(error))
            return 1
        finally:
            for task in watched:
                task.cancel()
            self.when_stopping()
            await self._stop_all(keepers)
        return 0

    async def _first_to_end(self, *tasks: asyncio.Task[object]) -> None:
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in ended:
            task.result()

    async def _announce(self, when_ready: Callable[[], Awaitable[None]] | None) -> None:
        for event in self._ready.values():
            await event.wait()
        if when_ready:
            await when_ready()

    async def _stop_all(self, keepers: Mapping[str, asyncio.Task[None]]) -> None:
        async def stop(part: Part) -> None:
            for other in self.parts:
                if part.name in other.needs:
                    await self._stopped[other.name].wait()
            keepers[part.name].cancel()
            await asyncio.wait({keepers[part.name]})
            self._stopped[part.name].set()

        await asyncio.gather(*(stop(part) for part in self.parts))

    async def _keep(self, part: Part) -> None:
        for name in (*part.needs, *part.after):
            await self._ready[name].wait()
        back_off, failed_starts = self.back_off(), 0
        while True:
            started_at = time.monotonic()
            status = await self._run_once(part)
            failed_starts += not self._ready[part.name].is_set()
            if failed_starts == FAILED_STARTS:
                self._give_up(part)
            wait = back_off.wait_after(time.monotonic() - started_at)
            self.tell(part.name, f"ended ({described(status)}); starting again in {wait:g} s")
            await asyncio.sleep(wait)

    def _give_up(self, part: Part) -> None:
        if part.is_vital:
            raise PartFailedError(f"{part.name} does not start; its own words stand above.")
        self.tell(part.name, "does not start; the others go on without it")
        self._ready[part.name].set()

    async def _run_once(self, part: Part) -> int:
        process = await asyncio.create_subprocess_exec(
            *(*LAUNCHER, str(os.getpid()), *part.command),
            stdin=DEVNULL,
            stdout=PIPE if self.relays_output else None,
            stderr=STDOUT if self.relays_output else None,
            env={**os.environ, **part.environment},
            pass_fds=part.pass_fds,
            process_group=0,
        )
        beside = [asyncio.create_task(self._relay(part, process)), asyncio.create_task(self._watch(part))]
        try:
            return await process.wait()
        finally:
            await self._end(process, part.grace_seconds)
            beside[1].cancel()
            await asyncio.wait(beside, timeout=1)

    async def _end(self, process: Process, grace_seconds: float) -> None:
        """SIGTERM, time to finish, then SIGKILL for whatever is left of the process group."""
        if process.returncode is None:
            process.terminate()
            exited, hurried = asyncio.create_task(process.wait()), asyncio.create_task(self._hurry.wait())
            await asyncio.wait({exited, hurried}, timeout=grace_seconds, return_when=asyncio.FIRST_COMPLETED)
            hurried.cancel()
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()

    async def _watch(self, part: Part) -> None:
        late_at = time.monotonic() + self.slow_start_seconds
        while part.is_ready and not await part.is_ready():
            if time.monotonic() > late_at:
                self.tell(part.name, f"is not ready after {self.slow_start_seconds:g} s")
                late_at = math.inf
            await asyncio.sleep(READY_POLL_SECONDS)  # another process sets no event
        self._ready[part.name].set()

    async def _relay(self, part: Part, process: Process) -> None:
        if process.stdout is None:
            return
        rest = b""
        while chunk := await process.stdout.read(LONGEST_LINE):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > LONGEST_LINE:
                lines, rest = [*lines, rest], b""
            for line in lines:
                self.tell(part.name, line.decode(errors="replace"))
        if rest:
            self.tell(part.name, rest.decode(errors="replace"))


def described(status: int) -> str:
    return signal.Signals(-status).name if status < 0 else f"status {status}"
