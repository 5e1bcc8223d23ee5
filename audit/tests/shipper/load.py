"""A serving process of nothing but recording: prints each acknowledgement, until it is killed."""

import asyncio
import sys

import django

from audit import recording
from audit.tests.doubles import decision, outcome


async def main() -> None:
    await recording.start()
    await asyncio.gather(*[serve() for _ in range(16)])


async def serve() -> None:
    while True:
        made = decision()
        await recording.decided(made)
        say("decided", made.id)
        await recording.settled(outcome(made))
        say("settled", made.id)


def say(what: str, decision_id: bytes) -> None:
    sys.stdout.write(f"{what} {decision_id.hex()}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    django.setup()
    asyncio.run(main())
