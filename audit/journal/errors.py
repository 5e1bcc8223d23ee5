class AuditUnavailableError(Exception):
    """Nothing can be recorded now, so nothing may be called. The message is fit for a client."""
