"""Every check that reads the code instead of running it: `make lint`. All of them run; any failure fails."""

import os
import subprocess
import sys

PRODUCTION = {
    "READ_DOT_ENV": "0",
    "SECRET_KEY": "a-key-for-this-check-only-that-is-long-enough-to-pass-it-0123456789",
    "PUBLIC_URL": "https://gateway.example.com",
    "DATABASE_URL": "postgres://gateway@database.example.com/gateway",
    "REDIS_URL": "redis://redis.example.com",
    "ANTHROPIC_API_KEY": "sk-ant-for-this-check-only",
    "AUDIT_DURABILITY": "database",
    "AUDIT_CHAIN_KEY": "another-key-for-this-check-only",
}
CHECKS = (
    ["pre-commit", "run", "--all-files", "--show-diff-on-failure", "--color=never"],
    [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
)


def main() -> int:
    environment = {**os.environ, **PRODUCTION}
    return max([subprocess.run(check, env=environment, check=False).returncode for check in CHECKS])


if __name__ == "__main__":
    sys.exit(main())
