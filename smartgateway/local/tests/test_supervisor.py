import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from smartgateway.local.supervisor import BackOff, Part, Supervisor
from smartgateway.local.tests.processes import eventually, is_alive

PYTHON = (sys.executable, "-I", "-S", "-c")
WRITES_ITS_NAME_WHEN_STOPPED = """
import signal, sys, time
def stop(*_):
    open(sys.argv[1], "a").write(sys.argv[2] + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
open(sys.argv[3], "w")
time.sleep(60)
"""
STOPS_ONCE_ANOTHER_HAS = """
import os, signal, sys, time
def stop(*_):
    while not os.path.exists(sys.argv[1]):
        time.sleep(0.02)
    open(sys.argv[1], "a").write("late\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
open(sys.argv[2], "w")
time.sleep(60)
"""
IGNORES_SIGTERM = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = os.fork()
if child:
    open(sys.argv[1], "w").write(f"{os.getpid()} {child}")
time.sleep(60)
"""
SUPERVISES_A_SUPERVISOR = """
import asyncio, sys
from smartgateway.local.supervisor import Part, Supervisor
depth, folder = int(sys.argv[1]), sys.argv[2]
sleeper = "import os, sys, time; open(sys.argv[1] + '/' + str(os.getpid()), 'w'); time.sleep(60)"
parts = [Part("sleeper", (sys.executable, "-I", "-S", "-c", sleeper, folder))]
if depth:
    parts.append(Part("inner", (sys.executable, *sys.orig_argv[1:-2], str(depth - 1), folder)))
asyncio.run(Supervisor(parts, print).run())
"""


def exists(path):
    async def question():
        return os.access(path, os.F_OK)

    return question


def supervisors(depth, folder):
    command = [sys.executable, "-c", SUPERVISES_A_SUPERVISOR, str(depth), str(folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


async def run_until(supervisor, condition):
    """Runs until the condition holds, then stops."""
    running = asyncio.create_task(supervisor.run())
    async with asyncio.timeout(20):
        while not condition() and not running.done():  # noqa: ASYNC110 - the parts are other processes
            await asyncio.sleep(0.02)
        supervisor.stop()
        return await running


@pytest.fixture
def lines():
    return []


@pytest.fixture
def tell(lines):
    return lambda name, line: lines.append((name, line))


def test_the_wait_doubles_up_to_a_limit_and_starts_again_after_a_steady_life():
    back_off = BackOff(first_seconds=1, longest_seconds=4, steady_seconds=60)

    waits = [back_off.wait_after(lived) for lived in (0, 0, 0, 0, 61, 0)]

    assert waits == [1, 2, 4, 4, 1, 2]


async def test_a_part_that_ends_is_started_again(tmp_path, tell, lines):
    starts = tmp_path / "starts"
    part = Part("brief", (*PYTHON, "import sys; open(sys.argv[1], 'a').write('x')", str(starts)))
    supervisor = Supervisor([part], tell, back_off=lambda: BackOff(first_seconds=0.01))

    status = await run_until(supervisor, lambda: starts.exists() and len(starts.read_text()) >= 3)

    assert status == 0
    assert ("brief", "ended (status 0); starting again in 0.01 s") in lines


async def test_parts_stop_before_what_they_need_stops(tmp_path, tell):
    def part(name, *needs):
        arguments = (str(tmp_path / "order"), name, str(tmp_path / name))
        command = (*PYTHON, WRITES_ITS_NAME_WHEN_STOPPED, *arguments)
        return Part(name, command, needs=needs, is_ready=exists(tmp_path / name))

    supervisor = Supervisor([part("web", "store"), part("store", "disk"), part("disk")], tell)

    await run_until(supervisor, (tmp_path / "web").exists)

    assert (tmp_path / "order").read_text().split() == ["web", "store", "disk"]


@pytest.mark.parametrize("order", ["needs", "after"])
async def test_a_part_starts_only_when_what_it_needs_or_comes_after_is_ready(tmp_path, tell, lines, order):
    slow = "import sys, time; time.sleep(.3); open(sys.argv[1], 'w'); print('ready', flush=True); time.sleep(60)"
    store = Part("store", (*PYTHON, slow, str(tmp_path / "store")), is_ready=exists(tmp_path / "store"))
    web = Part("web", (*PYTHON, "import time; print('started', flush=True); time.sleep(60)"), **{order: ("store",)})

    await run_until(Supervisor([web, store], tell), lambda: ("web", "started") in lines)

    assert lines == [("store", "ready"), ("web", "started")]


async def test_a_part_that_comes_after_another_does_not_keep_it_from_stopping(tmp_path, tell):
    stopped = tmp_path / "stopped"
    web = (*PYTHON, WRITES_ITS_NAME_WHEN_STOPPED, str(stopped), "web", str(tmp_path / "web"))
    late = (*PYTHON, STOPS_ONCE_ANOTHER_HAS, str(stopped), str(tmp_path / "late"))
    parts = [Part("web", web, is_ready=exists(tmp_path / "web")), Part("late", late, after=("web",))]

    await run_until(Supervisor(parts, tell), (tmp_path / "late").exists)

    assert stopped.read_text().split() == ["web", "late"]


async def test_a_part_that_does_not_stop_is_killed_with_its_children(tmp_path, tell):
    pids = tmp_path / "pids"
    part = Part("deaf", (*PYTHON, IGNORES_SIGTERM, str(pids)), grace_seconds=0.2)

    status = await run_until(Supervisor([part], tell), lambda: pids.exists() and " " in pids.read_text())

    assert status == 0
    assert eventually(lambda: not any(is_alive(pid) for pid in pids.read_text().split()))


async def test_stopping_a_second_time_does_not_wait(tmp_path, tell):
    pids = tmp_path / "pids"
    part = Part("deaf", (*PYTHON, IGNORES_SIGTERM, str(pids)), grace_seconds=60)
    supervisor = Supervisor([part], tell)
    asyncio.get_running_loop().call_later(2, supervisor.stop)

    await run_until(supervisor, lambda: pids.exists() and " " in pids.read_text())

    assert eventually(lambda: not any(is_alive(pid) for pid in pids.read_text().split()))


async def test_a_part_that_is_never_ready_ends_everything(tell, lines, tmp_path):
    part = Part("web", (*PYTHON, "print('no port')"), is_ready=exists(tmp_path / "never"))
    supervisor = Supervisor([part], tell, back_off=lambda: BackOff(first_seconds=0.01))

    status = await supervisor.run()

    assert status == 1
    assert lines.count(("web", "no port")) == 3
    assert lines[-1] == ("", "web does not start; its own words stand above.")


async def test_the_others_go_on_without_a_part_that_is_not_vital(tell, lines, tmp_path):
    model = Part("model", (*PYTHON, "print('no such CPU')"), is_ready=exists(tmp_path / "never"), is_vital=False)
    web = Part("web", (*PYTHON, "import time; print('serving', flush=True); time.sleep(60)"), needs=("model",))
    supervisor = Supervisor([model, web], tell, back_off=lambda: BackOff(first_seconds=0.01))

    status = await run_until(supervisor, lambda: ("web", "serving") in lines)

    assert status == 0
    assert ("model", "does not start; the others go on without it") in lines


async def test_a_part_that_takes_long_to_be_ready_is_named_once(tell, lines, tmp_path):
    part = Part("web", (*PYTHON, "import time; time.sleep(60)"), is_ready=exists(tmp_path / "never"))
    supervisor = Supervisor([part], tell, slow_start_seconds=0.1)
    asyncio.get_running_loop().call_later(0.4, supervisor.stop)

    await supervisor.run()

    assert lines == [("web", "is not ready after 0.1 s")]


async def test_a_command_that_does_not_exist_is_named(tell, lines, tmp_path):
    part = Part("cache", ("/no/such/server",), is_ready=exists(tmp_path / "never"))

    await Supervisor([part], tell, back_off=lambda: BackOff(first_seconds=0.01)).run()

    assert ("cache", "/no/such/server cannot be started: No such file or directory") in lines


async def test_lines_arrive_whole_and_a_line_without_an_end_is_not_lost(tell, lines):
    script = "import sys, time; print('a' * 100_000); sys.stdout.write('no end'); sys.stdout.flush(); time.sleep(60)"
    supervisor = Supervisor([Part("web", (*PYTHON, script))], tell)

    await run_until(supervisor, lambda: lines)

    assert "".join(line for _, line in lines[:-1]) == "a" * 100_000
    assert lines[-1] == ("web", "no end")


def test_nothing_outlives_a_supervisor_that_was_killed(tmp_path):
    outer = subprocess.Popen(
        [sys.executable, "-c", SUPERVISES_A_SUPERVISOR, "2", str(tmp_path)], stdout=subprocess.PIPE
    )
    assert eventually(lambda: len(list(tmp_path.iterdir())) == 3)
    pids = [path.name for path in tmp_path.iterdir()]
    assert all(is_alive(pid) for pid in pids)

    outer.kill()
    outer.communicate()

    assert eventually(lambda: not any(is_alive(pid) for pid in pids))


def test_a_child_whose_parent_is_already_gone_does_not_start(tmp_path):
    launcher = Path("smartgateway/local/launch.py").resolve()

    result = subprocess.run([sys.executable, launcher, "1", "touch", str(tmp_path / "started")], check=False)

    assert result.returncode == 1
    assert not (tmp_path / "started").exists()


def test_a_hang_up_stops_the_parts_in_order(tmp_path):
    outer = subprocess.Popen(
        [sys.executable, "-c", SUPERVISES_A_SUPERVISOR, "1", str(tmp_path)], stdout=subprocess.PIPE
    )
    assert eventually(lambda: len(list(tmp_path.iterdir())) == 2)

    os.kill(outer.pid, signal.SIGHUP)
    outer.communicate(timeout=10)

    assert outer.returncode == 0
    assert not any(is_alive(path.name) for path in tmp_path.iterdir())
