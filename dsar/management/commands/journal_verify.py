"""Verify the journal from outside the desk: `manage.py journal_verify [REFERENCE]`, exit code 1 when something is wrong."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from dsar.core.journal import JournalProblem, journal_check
from dsar.core.models import AuditChain
from requests_app.models import Case

AT_ONCE = 500


class Command(BaseCommand):
    help = "Verify the journal: every chain, or the one of a case. Prints one line for each sign of tampering."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("reference", nargs="?", metavar="REFERENCE", help="only the chain of this case")

    def handle(self, *args: Any, reference: str | None, **options: Any) -> None:
        """Exit code 0 when every chain is intact, else 1."""
        chain = f"case:{reference.strip().upper()}" if reference else None
        report = journal_check(chain)
        problems = [*report.problems]
        named = {problem.chain for problem in problems}
        if reference and chain not in named and not _is_known(reference.strip().upper()):
            raise CommandError(f"There is no case with the reference {reference}.")
        problems += [problem for problem in _case_problems(chain) if problem.chain not in named]
        for problem in problems:
            self.stdout.write(f"{problem.chain} {problem.seq}: {problem.what}")
        found = f"{len(problems)} problem{'' if len(problems) == 1 else 's'}" if problems else "no problem"
        self.stdout.write(
            f"{found}: {report.chains} chains, {report.events} events, {report.purged} purged values"
        )
        if problems:
            sys.exit(1)


def _is_known(reference: str) -> bool:
    return (
        Case.objects.filter(reference=reference).exists() or AuditChain.objects.filter(key=f"case:{reference}").exists()
    )


def _case_problems(chain: str | None) -> Iterator[JournalProblem]:
    """Cases without a chain, and chains without their case: both are written in one transaction and neither is ever removed.

    In batches, by index. Cases are read after their chains, so one that is opened meanwhile is not taken for missing.
    """
    chains = AuditChain.objects.filter(key__startswith="case:").order_by("pk")
    cases = Case.objects.order_by("pk")
    if chain is not None:
        chains, cases = chains.filter(key=chain), cases.filter(reference=chain.removeprefix("case:"))
    for batch in _batches(chains, "key"):
        references = [key.removeprefix("case:") for key in batch]
        found = set(Case.objects.filter(reference__in=references).values_list("reference", flat=True))
        for reference in references:
            if reference not in found:
                yield JournalProblem(f"case:{reference}", 1, "the case is gone, only its journal is left")
    for batch in _batches(cases, "reference"):
        keys = [f"case:{reference}" for reference in batch]
        found = set(AuditChain.objects.filter(key__in=keys).values_list("key", flat=True))
        for key in keys:
            if key not in found:
                yield JournalProblem(key, 1, "the case has no journal: its chain is gone")


def _batches(rows: Any, field: str) -> Iterator[list[str]]:
    """One field of all rows in the order of their ids, some at a time."""
    last = 0
    while batch := list(rows.filter(pk__gt=last).values_list("pk", field)[:AT_ONCE]):
        yield [value for _, value in batch]
        last = batch[-1][0]
