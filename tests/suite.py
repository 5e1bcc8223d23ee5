"""The whole suite: once against SQLite, then what uses the database or Redis again against the real servers."""

import subprocess
import sys

PYTEST = [sys.executable, "-m", "pytest", "--numprocesses=3", "--dist=loadfile"]
SERVICES = [sys.executable, "-m", "tests.services"]


def main() -> int:
    chosen = sys.argv[1:]
    passes = ([*PYTEST, *chosen], [*SERVICES, *PYTEST, "--services-only", *chosen])
    return max([subprocess.run(command, check=False).returncode for command in passes])


if __name__ == "__main__":
    sys.exit(main())
