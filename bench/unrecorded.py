"""The gateway's serving process without the record, to measure what that costs: `python -m bench.unrecorded FD`.

A double for the bench alone: the product cannot do this.
"""

import django

from smartgateway.local import worker


async def nothing(record: object) -> None:
    pass


def leave_out_the_record() -> None:
    from audit import recording
    from smartgateway.completions import recorded

    recording.decided = recording.intended = recording.settled = nothing
    recorded.decision = recorded.outcome = lambda *arguments, **options: None  # type: ignore[assignment, return-value]


if __name__ == "__main__":
    django.setup()
    leave_out_the_record()
    worker.main()
