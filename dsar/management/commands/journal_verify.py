"""Verify the journal from outside the desk: `manage.py journal_verify [REFERENCE]`, exit code 1 for tampering."""

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
        named = {problem.chain for problem in report.problems}
        problems = report.problems + [problem for problem in _case_problems(chain) if problem.chain not in named]
        if chain and not _is_known(chain) and all(problem.chain != chain for problem in problems):
            raise CommandError(f"There is no case with the reference {reference}.")
        for problem in problems:
            self.stdout.write(f"{problem.chain} {problem.seq}: {problem.what}")
        counts = (
            _count(len(problems), "problem"), _count(report.chains, "chain"), _count(report.events, "event"),
            _count(report.purged, "purged value"),
        )  # fmt: skip
        self.stdout.write(", ".join(counts))
        if problems:
            sys.exit(1)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _is_known(chain: str) -> bool:
    return AuditChain.objects.filter(key=chain).exists()


def _case_problems(chain: str | None) -> Iterator[JournalProblem]:
    """Cases without a chain, and chains without their case.

    Both are written in one transaction and neither is ever removed. Each is read before the other is looked up, so a
    case that is opened meanwhile is not taken for missing. In batches, by index.
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
                yield JournalProblem(f"case:{reference}", 1, "missing: the case; only its journal is left")
    for batch in _batches(cases, "reference"):
        keys = [f"case:{reference}" for reference in batch]
        found = set(AuditChain.objects.filter(key__in=keys).values_list("key", flat=True))
        for key in keys:
            if key not in found:
                yield JournalProblem(key, 1, "missing: the whole chain; the case has no journal")


def _batches(rows: Any, field: str) -> Iterator[list[str]]:
    """One field of all rows in the order of their ids, some at a time."""
    last = 0
    while batch := list(rows.filter(pk__gt=last).values_list("pk", field)[:AT_ONCE]):
        yield [value for _, value in batch]
        last = batch[-1][0]
