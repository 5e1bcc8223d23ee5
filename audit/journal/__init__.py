"""What is recorded, on this host's disk until the database has it.

Every serving process is a *writer*: it holds a lock file while it lives and appends to numbered files of its own.
The shipper reads them. Names in the directory, where WRITER is the writer's id in hex:

    WRITER.lock            held (flock) by the writer while it lives
    WRITER.000001.journal  frames, in the order of their sequence
    WRITER.shipped         the last sequence that is committed in the database, where the writer waits for it
"""

from audit.journal.commits import Commits
from audit.journal.errors import AuditUnavailableError
from audit.journal.files import Files
from audit.journal.writer import Entry, Journal

__all__ = ["AuditUnavailableError", "Commits", "Entry", "Files", "Journal"]
