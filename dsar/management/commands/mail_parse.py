"""`mail_parse FILE`: what the product reads in one e-mail, as JSON; files nothing. To try a mail that behaved oddly."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from requests_app.inbound_email import Mailbox, machine, parse
from requests_app.mail_text import reply_text
from requests_app.understanding import language_of, letter_signs, rights_found


class Command(BaseCommand):
    """Prints one JSON object."""

    help = "Show what is read in an e-mail file, as JSON. Nothing is stored."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One file, or - for standard input."""
        parser.add_argument("file", help="an e-mail as it came, or - for standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, parse, print. Raises CommandError for a file that cannot be read; never for what is in it."""
        try:
            raw = sys.stdin.buffer.read() if options["file"] == "-" else Path(options["file"]).read_bytes()
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}") from error
        self.stdout.write(json.dumps(mail_facts(raw), ensure_ascii=False, indent=2))


def mail_facts(raw: bytes) -> dict[str, Any]:
    """The facts of one mail under the promised names: `text` is the full text, the rights are those of the own part."""
    parsed = parse(raw)
    own = reply_text(parsed.text)
    verdict = machine(parsed)
    signs = letter_signs(parsed.subject, own)
    return {
        "message_id": parsed.message_id,
        "subject": parsed.subject,
        "from": mailbox_facts(Mailbox(parsed.sender_name, parsed.sender)),
        "to": [mailbox_facts(mailbox) for mailbox in parsed.to],
        "cc": [mailbox_facts(mailbox) for mailbox in parsed.cc],
        "date": parsed.date.isoformat() if parsed.date else None,
        "text": parsed.text,
        "html": parsed.html,
        "attachments": [
            {"name": part.name, "content_type": part.content_type, "size": part.size, "sha256": part.sha256}
            for part in parsed.attachments
        ],
        "defects": list(parsed.defects),
        "machine": {"is": verdict.is_machine, "reasons": list(verdict.reasons)},
        "language": language_of(f"{parsed.subject}\n{own}"),
        "rights": [
            {"code": right.code, "confidence": right.confidence, "evidence": right.evidence}
            for right in rights_found(parsed.subject, own)
        ],
        "chaser": signs.chaser,
        "complaint": signs.complaint,
        "agent": signs.agent,
    }


def mailbox_facts(mailbox: Mailbox) -> dict[str, str]:
    """Name and address."""
    return {"name": mailbox.name, "address": mailbox.address}
