"""Counts the open clocks anew where a rule, a calendar or a jurisdiction has changed, and says which dates move."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dsar.core.models import Organisation
from requests_app.services import clocks_changed, clocks_refresh
from requests_app.services.clocks import clock_lines


class Command(BaseCommand):
    help = "Lists the open deadlines that today's rules and calendars move, then writes and journals them."

    def add_arguments(self, parser: CommandParser) -> None:
        """--organisation and --dry-run."""
        parser.add_argument("--organisation", metavar="SLUG", help="only this one")
        parser.add_argument("--dry-run", action="store_true", help="list what would change and write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a line for each date that moves, then the counts; answered rights keep their dates."""
        organisation = None
        if options["organisation"]:
            organisation = Organisation.objects.filter(slug=options["organisation"]).first()
            if organisation is None:
                raise CommandError(f"There is no organisation “{options['organisation']}”.")
        refresh = clocks_changed if options["dry_run"] else clocks_refresh
        changes = refresh(organisation=organisation)
        for line in clock_lines(changes):
            self.stdout.write(line)
        moved = sum(change.moves_date for change in changes)
        done = "would be counted anew" if options["dry_run"] else "counted anew"
        self.stdout.write(f"{len(changes)} open rights {done}, {moved} dates moved")
