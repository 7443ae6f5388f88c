"""Writes a profile's facts to the tables, only where they differ, so that importing twice changes nothing.

Codes identify rows from one import to the next. An import never activates an organisation: somebody must be there to
escalate to first (`organisation_activate`).
"""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any, TypeVar

import rfc8785
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from dsar.core.actors import Actor
from dsar.core.authorities import authorities_known
from dsar.core.errors import DomainError
from dsar.core.files import key_create
from dsar.core.journal import journal_append
from dsar.core.logos import logo_digest
from dsar.core.models import (
    ClientController,
    EncryptionKey,
    Logo,
    Membership,
    Organisation,
    ProcessingActivity,
    Recipient,
    RetentionRule,
    SupervisoryAuthority,
    User,
)
from dsar.core.profile_activities import ActivityFacts
from dsar.core.profile_facts import OrganisationProfile
from dsar.core.profile_policy import policy_gaps, policy_warnings
from dsar.core.roles import Act, Role

Row = TypeVar("Row", bound=models.Model)


def profile_digest(values: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical form of a profile's values: comments and order do not count."""
    return hashlib.sha256(rfc8785.dumps(dict(values))).hexdigest()


def row_write(rows: models.QuerySet[Row], key: Mapping[str, Any], values: Mapping[str, Any]) -> tuple[Row, bool]:
    """Create the row of that key, or bring it up to date; returns it and whether anything was written."""
    row = rows.filter(**key).first()
    if row is None:
        return rows.create(**key, **values), True
    stale = [name for name, value in values.items() if getattr(row, name) != value]
    for name in stale:
        setattr(row, name, values[name])
    if stale:
        row.save(update_fields=stale)
    return row, bool(stale)


def rows_drop(rows: models.QuerySet[Row]) -> bool:
    """Remove rows that the profile no longer has, except those that something still points to."""
    dropped = False
    for row in rows:
        try:
            row.delete()
            dropped = True
        except models.ProtectedError:
            continue  # in use: a case, a task or a member refers to it
    return dropped


def profile_load(*, profile: OrganisationProfile, digest: str) -> tuple[Organisation, list[str]]:
    """Write the kernel's part of a profile; returns the organisation and the names of the parts that changed.

    Must be called in a transaction. A new organisation gets its intake key and stays inactive; one that has lost the
    person to escalate to becomes inactive again.
    """
    entry = authorities_known()[profile.authority]
    code = {"code": entry["code"]}
    columns = {name: value for name, value in entry.items() if name != "code"}
    authority, authority_changed = row_write(SupervisoryAuthority.objects.all(), code, columns)
    organisation, organisation_changed = _organisation_write(profile, authority, digest)
    changed = {
        "authority": authority_changed,
        "organisation": organisation_changed,
        "activities": _activities_write(organisation, profile.activities),
        "recipients": _recipients_write(organisation, profile),
        "clients": _clients_write(organisation, profile),
    }
    return organisation, [part for part, is_changed in changed.items() if is_changed]


def _organisation_write(
    profile: OrganisationProfile, authority: SupervisoryAuthority, digest: str
) -> tuple[Organisation, bool]:
    columns = {
        **profile.organisation,
        "authority": authority,
        "commitments": profile.commitments,
        "policy": _policy(profile),
        "profile_gaps": policy_gaps(profile),
        "profile_warnings": policy_warnings(profile),
        "profile_digest": digest,
        "logo_digest": logo_digest(profile.logo),
    }
    slug = columns.pop("slug")
    organisation, changed = row_write(Organisation.objects.select_for_update(), {"slug": slug}, columns)
    if changed:
        _logo_write(organisation, profile.logo)
    if organisation.intake_key_id is None:
        organisation.intake_key = key_create(organisation=organisation, purpose=EncryptionKey.Purpose.INTAKE)
        organisation.save(update_fields=["intake_key"])
        changed = True
    if organisation.is_active and not _has_escalation(organisation, organisation.privacy_lead):
        organisation.is_active = False
        organisation.save(update_fields=["is_active"])
        changed = True
    return organisation, changed


def _logo_write(organisation: Organisation, content: bytes) -> None:
    if content:
        Logo.objects.update_or_create(organisation=organisation, defaults={"content": content})
    else:
        Logo.objects.filter(organisation=organisation).delete()


def _policy(profile: OrganisationProfile) -> dict[str, Any]:
    """The statements of a policy that have no column of their own."""
    return {
        "edition": profile.edition,
        "complaint_told": profile.remedies.complaint_told,
        "requests": asdict(profile.requests),
        "rights": [asdict(right) for right in profile.rights],
        "breach": asdict(profile.breach),
        "statements": profile.statements,
    }


def _activities_write(organisation: Organisation, activities: Collection[ActivityFacts]) -> bool:
    changed = False
    for position, facts in enumerate(activities):
        columns: dict[str, Any] = {
            name: getattr(facts, name)
            for name in (
                "name", "purpose", "capacity", "legal_bases", "legitimate_interest", "categories", "subjects",
                "sources", "automated_decisions", "automated_logic", "transfers",
            )
        }
        key = {"organisation": organisation, "code": facts.code}
        activity, is_changed = row_write(ProcessingActivity.objects.all(), key, columns | {"position": position})
        changed |= is_changed | _retention_write(activity, facts)
    vanished = organisation.activities.exclude(code__in=[facts.code for facts in activities])
    return rows_drop(vanished) or changed


def _retention_write(activity: ProcessingActivity, facts: ActivityFacts) -> bool:
    """Retention rules have no code: the list is replaced where it differs."""
    wanted = [asdict(rule) | {"position": position} for position, rule in enumerate(facts.retention)]
    found = list(activity.retention_rules.values(*wanted[0])) if wanted else list(activity.retention_rules.values("pk"))
    if found == wanted:
        return False
    activity.retention_rules.all().delete()
    RetentionRule.objects.bulk_create([RetentionRule(activity=activity, **columns) for columns in wanted])
    return True


def _recipients_write(organisation: Organisation, profile: OrganisationProfile) -> bool:
    activities = {activity.code: activity for activity in organisation.activities.all()}
    changed = False
    for position, facts in enumerate(profile.recipients):
        key = {"organisation": organisation, "code": facts.code}
        columns = {
            "name": facts.name,
            "category": facts.category,
            "kind": facts.kind,
            "country": facts.country,
            "position": position,
        }
        recipient, is_changed = row_write(Recipient.objects.all(), key, columns)
        linked = {activity.code for activity in recipient.activities.all()}
        if linked != set(facts.activities):
            recipient.activities.set([activities[code] for code in facts.activities])
            is_changed = True
        changed |= is_changed
    return rows_drop(organisation.recipients.exclude(code__in=[one.code for one in profile.recipients])) or changed


def _clients_write(organisation: Organisation, profile: OrganisationProfile) -> bool:
    changed = False
    for position, facts in enumerate(profile.clients):
        key = {"organisation": organisation, "code": facts.code}
        columns = {"name": facts.name, "email": facts.email, "position": position}
        changed |= row_write(ClientController.objects.all(), key, columns)[1]
    return rows_drop(organisation.clients.exclude(code__in=[one.code for one in profile.clients])) or changed


def profile_import_record(*, organisation: Organisation, changed: Collection[str], actor: Actor) -> None:
    """Journal that a profile changed something: which parts, and the digest of what was imported."""
    journal_append(
        chain=f"organisation:{organisation.slug}",
        organisation=organisation,
        kind="organisation.imported",
        actor=actor,
        facts={"changed": bool(changed), "parts": sorted(changed), "profile": organisation.profile_digest},
    )


def organisation_activate(*, organisation: Organisation, privacy_lead: User | None, actor: Actor) -> None:
    """Open the organisation's doors, with `privacy_lead` as the member to escalate to.

    Raises DomainError("privacy_lead_not_member") for somebody who is no active member, and
    DomainError("nobody_to_escalate_to") without a lead where there is no data protection officer either: reminders of
    a deadline must reach somebody (GDPR art. 12(3)). A member needs the act `organisation_edit`. Twice is harmless.
    """
    if actor.user is not None:
        actor.must(Act.ORGANISATION_EDIT, organisation)
    if privacy_lead is not None and not _is_member(organisation, privacy_lead):
        raise DomainError("privacy_lead_not_member", _("The privacy lead must be an active member here."))
    if not _has_escalation(organisation, privacy_lead):
        raise DomainError(
            "nobody_to_escalate_to", _("Name a privacy lead first: nobody would hear of a deadline at risk.")
        )
    with transaction.atomic():
        locked = Organisation.objects.select_for_update().get(pk=organisation.pk)
        before = (locked.is_active, locked.privacy_lead_id)
        organisation.is_active, organisation.privacy_lead = True, privacy_lead
        if before == (True, privacy_lead.pk if privacy_lead else None):
            return
        organisation.save(update_fields=["is_active", "privacy_lead"])
        journal_append(
            chain=f"organisation:{organisation.slug}",
            organisation=organisation,
            kind="organisation.activated",
            actor=actor,
            facts={"privacy_lead": privacy_lead.pk if privacy_lead else None},
        )


def _is_member(organisation: Organisation, user: User) -> bool:
    return user.is_active and Membership.objects.filter(organisation=organisation, user=user).exists()


def _has_escalation(organisation: Organisation, privacy_lead: User | None) -> bool:
    """A member who leads, a data protection officer with an address, or a member in that role."""
    if privacy_lead is not None and _is_member(organisation, privacy_lead):
        return True
    if organisation.dpo_status == Organisation.DpoStatus.APPOINTED and organisation.dpo_email:
        return True
    return Membership.objects.filter(organisation=organisation, role=Role.DPO, user__is_active=True).exists()
