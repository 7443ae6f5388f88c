"""The profile's teams and routing table: who gets which work. Set-up of the desk, not facts of a policy."""

from dataclasses import dataclass

from dsar.core.models import Organisation, Team
from dsar.core.profile_reader import ProfileReader, unique_codes
from dsar.core.profiles import row_write, rows_drop
from dsar.core.rights import RIGHTS
from requests_app.models import RoutingRule
from requests_app.vocabulary import TaskKind


@dataclass(frozen=True)
class RoutingFacts:
    """One line of the routing table; empty texts match everything."""

    team: str
    right: str
    kind: str
    subject_prefix: str


@dataclass(frozen=True)
class WorkProfile:
    """`teams` are names by slug."""

    teams: dict[str, str]
    routing: list[RoutingFacts]


def profile_read(reader: ProfileReader) -> WorkProfile:
    """The sections `[[teams]]` and `[[routing]]`; problems stay with the reader."""
    tables = reader.tables("teams")
    slugs = [table.code("slug") for table in tables]
    unique_codes(tables, slugs, "slug")
    teams = {slug: table.text("name", required=True) for slug, table in zip(slugs, tables, strict=True)}
    return WorkProfile(
        teams=teams,
        routing=[
            RoutingFacts(
                team=table.choice("team", teams),
                right=table.choice("right", RIGHTS, default=""),
                kind=table.choice("kind", TaskKind.values, default=""),
                subject_prefix=table.text("subject_prefix", limit=100),
            )
            for table in reader.tables("routing")
        ],
    )


def profile_load(*, organisation: Organisation, section: WorkProfile) -> list[str]:
    """Write teams and routing where they differ; returns the parts that changed. Must be called in a transaction.

    A team that still has members or tasks stays when the profile no longer names it.
    """
    teams_changed = False
    for slug, name in section.teams.items():
        key = {"organisation": organisation, "slug": slug}
        teams_changed |= row_write(Team.objects.all(), key, {"name": name})[1]
    routing_changed = _routing_write(organisation, section.routing)
    teams_changed |= rows_drop(organisation.teams.exclude(slug__in=section.teams))
    return ["teams"] * teams_changed + ["routing"] * routing_changed


def _routing_write(organisation: Organisation, routing: list[RoutingFacts]) -> bool:
    """The order is the meaning, so the table is replaced as a whole where it differs."""
    wanted = [(rule.team, rule.right, rule.kind, rule.subject_prefix) for rule in routing]
    found = organisation.routing_rules.values_list("team__slug", "right", "kind", "subject_prefix")
    if list(found) == wanted:
        return False
    teams = {team.slug: team for team in organisation.teams.all()}
    organisation.routing_rules.all().delete()
    RoutingRule.objects.bulk_create(
        RoutingRule(
            organisation=organisation,
            position=position,
            team=teams[rule.team],
            right=rule.right,
            kind=rule.kind,
            subject_prefix=rule.subject_prefix,
        )
        for position, rule in enumerate(routing)
    )
    return True
