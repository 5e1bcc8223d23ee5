class AuditUnavailableError(Exception):
    """Nothing can be recorded now, so nothing may be called. The message is fit for a client.

    `is_kept`: the record is on this host's disk all the same and comes to the database later; it is owed an outcome.
    """

    def __init__(self, message: str, *, is_kept: bool = False) -> None:
        super().__init__(message)
        self.is_kept = is_kept
