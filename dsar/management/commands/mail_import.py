"""`mail_import [--organisation SLUG] PATH…`: the e-mail door for files, one line of JSON for each message."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from dsar.core.models import Organisation
from requests_app.inbound_email import ParsedEmail, parse
from requests_app.mail_files import MailInFile, mails_in
from requests_app.services.mail import mail_file, mail_received_at


class Command(BaseCommand):
    """Files each message and prints path, id, outcome, reference and reason."""

    help = "Take in e-mail from files, folders, mboxes and Maildirs. Prints one JSON object a message."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The paths, and the organisation where the mails do not name it."""
        parser.add_argument("--organisation", metavar="SLUG", help="the organisation that received the mail")
        parser.add_argument("path", nargs="+", help="files and folders; every file counts, whatever its name")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError, with nothing filed, for an unknown organisation or a mail that names none."""
        addresses = _Addresses(options["organisation"])
        paths: list[str] = options["path"]
        try:
            if addresses.only is None:  # all or nothing: look at every mail before the first one is filed
                for mail in mails_in(paths):
                    addresses.of(mail.path, parse(mail.raw))
            for mail in mails_in(paths):
                self.stdout.write(json.dumps(_file(mail, addresses), ensure_ascii=False))
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}") from error


def _file(mail: MailInFile, addresses: "_Addresses") -> dict[str, Any]:
    parsed = parse(mail.raw)
    filed = mail_file(
        organisation=addresses.of(mail.path, parsed),
        raw=mail.raw,
        received_at=mail_received_at(parsed, timezone.now()),
    )
    return {
        "path": mail.path,
        "id": filed.inbound.pk,
        "outcome": str(filed.outcome),
        "reference": filed.reference,
        "reason": filed.reason,
    }


class _Addresses:
    """Which organisation a mail is for: the one asked for, else by its addresses, else the only one there is."""

    def __init__(self, slug: str | None) -> None:
        organisations = list(Organisation.objects.filter(is_active=True).select_related("intake_key"))
        if slug is not None:
            organisations = [organisation for organisation in organisations if organisation.slug == slug]
            if not organisations:
                raise CommandError(f"No active organisation is called {slug}.")
        if not organisations:
            raise CommandError("There is no active organisation; import a profile first.")
        self.only = organisations[0] if len(organisations) == 1 else None
        self.by_address: dict[str, Organisation] = {}
        for organisation in organisations:
            for address in (organisation.dpo_email, organisation.privacy_email):
                if address:
                    self.by_address[address.casefold()] = organisation

    def of(self, path: str, parsed: ParsedEmail) -> Organisation:
        """Delivered-To first: it is the receiving server's word. Raises CommandError when nothing tells."""
        if self.only is not None:
            return self.only
        named = [*parsed.delivered_to, *(mailbox.address for mailbox in (*parsed.to, *parsed.cc))]
        for address in named:
            if organisation := self.by_address.get(address.casefold()):
                return organisation
        raise CommandError(
            f"{path}: no organisation has an address in Delivered-To, To or Cc. Nothing was filed; use --organisation."
        )
