"""Imports an organisation's profile, and says where its policy is silent, promises too little, or promises more."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils.translation import gettext as _

import exports.profile
import requests_app.profile
from dsar.core import profile_facts, profiles
from dsar.core.actors import Actor
from dsar.core.authorities import authorities_known
from dsar.core.models import Organisation
from dsar.core.policy_report import policy_report
from dsar.core.profile_reader import ProfileError, ProfileReader
from dsar.core.profile_words import gap_text, warning_text
from dsar.core.texts import localised
from requests_app.services import clocks_refresh
from requests_app.services.clocks import ClockChange, clock_lines


class Command(BaseCommand):
    help = "Imports an organisation's profile (TOML). Importing the same file twice changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """FILE and --json."""
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of a report")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import, then report; a file with problems changes nothing and names key and line of each."""
        path: Path = options["file"]
        try:
            organisation, changed, clocks = profile_import(
                path.read_bytes(), actor=Actor.SYSTEM, folder=path.parent
            )
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from error
        except ProfileError as error:
            raise CommandError("\n".join(f"{path}: {problem}" for problem in error.problems)) from error
        if options["json"]:
            self.stdout.write(json.dumps(import_report(organisation, changed), ensure_ascii=False, indent=2))
        else:
            for line in [*_lines(organisation, changed), *clock_lines(clocks)]:
                self.stdout.write(line)


def profile_import(
    content: bytes, *, actor: Actor, folder: Path | None = None
) -> tuple[Organisation, list[str], list[ClockChange]]:
    """Check the whole profile, then write it in one transaction. `folder` is where it lies, for the logo it names.

    Returns the organisation, the parts that changed, and the open clocks that another jurisdiction or time zone moves.
    Raises ProfileError with every problem of the file, and then nothing is written.
    """
    reader = ProfileReader(content, folder)
    facts = profile_facts.profile_read(reader, authorities=authorities_known())
    work = requests_app.profile.profile_read(reader)
    sources = exports.profile.profile_read(
        reader, activities=[activity.code for activity in facts.activities], categories=facts.categories
    )
    reader.check()
    with transaction.atomic():
        digest = profiles.profile_digest(reader.values)
        organisation, changed = profiles.profile_load(profile=facts, digest=digest)
        changed += requests_app.profile.profile_load(organisation=organisation, section=work)
        changed += exports.profile.profile_load(organisation=organisation, section=sources)
        if changed:
            profiles.profile_import_record(organisation=organisation, changed=changed, actor=actor)
        clocks = clocks_refresh(organisation=organisation) if changed else []
    return organisation, changed, clocks


def import_report(organisation: Organisation, changed: list[str]) -> dict[str, Any]:
    """What `--json` prints, in the active language."""
    return {
        "organisation": organisation.slug,
        "changed": bool(changed),
        "warnings": [
            {"article": one["article"], "code": one["code"], "text": warning_text(one)}
            for one in organisation.profile_warnings
        ],
        "gaps": [{"article": one["article"], "fact": gap_text(one)} for one in organisation.profile_gaps],
        "commitments": [
            {"article": one["article"], "text": localised(one["text"])} for one in organisation.commitments
        ],
    }


def _lines(organisation: Organisation, changed: list[str]) -> Iterator[str]:
    yield f"{organisation.slug}: {organisation.name}"
    yield _("Imported, changed: %(parts)s.") % {"parts": ", ".join(changed)} if changed else _("No change.")
    none, art = _("none"), _("art.")
    for title, found in policy_report(organisation):
        yield ""
        yield str(title) if found else f"{title}: {none}"
        for article, text in found:
            yield f"  {art} {article:<20} {text}"
    if not organisation.is_active:
        yield ""
        yield _("Inactive: no request is accepted until somebody to escalate to is named.")
