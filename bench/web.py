"""The gateway's serving process as in production, with its disk syncs counted: `python -m bench.web FD FILE`.

The count is written to FILE when the process ends.
"""

import os
import signal
import sys
from pathlib import Path

from smartgateway.local import worker

syncs = 0
fdatasync = os.fdatasync


def counted(descriptor: int) -> None:
    global syncs
    syncs += 1
    fdatasync(descriptor)


if __name__ == "__main__":
    os.fdatasync = counted
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # uvicorn raises it again once it has drained
    try:
        worker.main()
    finally:
        Path(sys.argv[2]).write_text(str(syncs))
