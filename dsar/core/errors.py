"""The one error that a user may read: raised by services, worded once for the pages and once for the API."""

from django.utils.functional import Promise


class DomainError(Exception):
    """A rule of the domain forbids the act. `message` is a translatable sentence that says what to do instead.

    `code` is a stable word for tests, logs and the API; the message may name people, so it is never logged.
    """

    def __init__(self, code: str, message: str | Promise) -> None:
        super().__init__(code)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return str(self.message)


class NotAllowed(DomainError):
    """The member sees the case but their role does not include this act: 403 with the reason."""


class Conflict(DomainError):
    """Somebody else changed the thing meanwhile: nothing was written, look again."""
