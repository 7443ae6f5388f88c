"""Keeps secrets that stand in addresses out of the logs: whoever reads them must not be able to open the page."""

import logging
import re
from typing import Any

# What follows is a secret: a calendar's link, the link that confirms an address, the link that sets a new password.
_SECRET = re.compile(r"(/calendar/|/confirm/|/password/reset/key/)\S+")


class SecretAddressFilter(logging.Filter):
    """Masks the secrets in what a line is made of; stands at the loggers of Django that name the address asked for."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Every line passes."""
        if isinstance(record.args, tuple):
            record.args = tuple(_masked(value) for value in record.args)
        return True


def _masked(value: Any) -> Any:
    return _SECRET.sub(r"\1…", value) if isinstance(value, str) else value
