"""The mail backend of the embedded default: each mail becomes one file in a folder that can be browsed."""

import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone


class EmailBackend(BaseEmailBackend):
    """Writes into settings.MAIL_DIR. A mail is there whole or not at all; names sort by the instant of writing."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Write each message; returns how many. Raises OSError when the folder cannot be written."""
        folder = Path(settings.MAIL_DIR)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for message in email_messages:
            mail_write(folder, re.sub(rb"\r?\n", b"\r\n", message.message().as_bytes()))
        return len(email_messages)


def mail_write(folder: Path, content: bytes) -> Path:
    """Write `content` under a fresh name that sorts by time (UTC); atomic, and on disk when this returns."""
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".", delete=False) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unique = file.name.rpartition(".")[2]
    path = folder / f"{timezone.now():%Y%m%dT%H%M%S.%f}-{unique}.eml"
    return Path(file.name).replace(path)
