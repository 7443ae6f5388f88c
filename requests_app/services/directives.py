"""What a person wants done with their data after their death, and who may ask for it then (loi 78-17 art. 85).

A living person registers, replaces and revokes directives; they are kept until the death, beyond the case in which they
were registered. When a death is reported they are found by whatever the case knows of the person who died.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from operator import or_
from typing import NotRequired, TypedDict, Unpack

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override as language_override

from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from dsar.core.models import User
from dsar.core.roles import Act
from dsar.core.texts import listed
from requests_app.addresses import address_normalise, name_words, names_agree
from requests_app.case_journal import case_journal
from requests_app.models import Case, CaseRight, Directive, Entitlement
from requests_app.services.cases import case_touch_open
from requests_app.services.work import checklist_items_done
from requests_app.vocabulary import (
    AddressKind,
    DirectiveEnd,
    DirectiveKind,
    EntitledAs,
    EntitlementProof,
)

MATCHED_BY = {
    "case": _("registered in this case"),
    "email": AddressKind.EMAIL.label,
    "identifier": AddressKind.IDENTIFIER.label,
    "name": _("name"),
}
_SHORTEST = 3  # letters of a word by which a name is looked for


@dataclass(frozen=True)
class FoundDirective:
    """Directives in force that may be this person's. `matched_by` names what agrees: a person judges."""

    directive: Directive
    matched_by: tuple[str, ...]

    @property
    def words(self) -> str:
        """What agrees, in the active language."""
        return listed(MATCHED_BY[code] for code in self.matched_by)


def directives_found(case: Case) -> list[FoundDirective]:
    """The directives in force of the organisation that agree with the data subject of the case, the surest first.

    By e-mail address, customer number or name (each word of the shorter name in the longer one), or because they were
    registered in this very case. One query when the parties of the case and their addresses are loaded.
    """
    known = _known(case)
    words = [word for word in sorted(known["name"]) if len(word) >= _SHORTEST]
    addresses = Q(email__in=known["email"]) | Q(identifier__in=known["identifier"])
    wanted = reduce(or_, (Q(name_search__contains=word) for word in words), addresses | Q(case_right__case=case))
    candidates = Directive.objects.in_force().filter(wanted, organisation=case.organisation_id)
    found = [
        FoundDirective(directive, agreeing)
        for directive in candidates.select_related("registered_by", "case_right__case")
        if (agreeing := _agreeing(directive, case, known))
    ]
    return sorted(found, key=lambda one: (one.matched_by == ("name",), -len(one.matched_by), one.directive.pk))


def _known(case: Case) -> dict[str, set[str]]:
    """What the case knows of its data subject; of a deceased person never what whoever asks gave of themselves."""
    person = case.data_subject
    if person is None:
        return {"email": set(), "identifier": set(), "name": set()}
    addresses = list(person.addresses.all())
    return {
        "email": {address.normalised for address in addresses if address.kind == AddressKind.EMAIL},
        "identifier": {address.normalised for address in addresses if address.kind == AddressKind.IDENTIFIER},
        "name": name_words(person.name),
    }


def _agreeing(directive: Directive, case: Case, known: Mapping[str, set[str]]) -> tuple[str, ...]:
    by_name = bool(known["name"]) and names_agree(" ".join(known["name"]), directive.name)
    agreeing = {
        "case": directive.case_right.case_id == case.pk,
        "email": bool(directive.email) and directive.email in known["email"],
        "identifier": bool(directive.identifier) and directive.identifier in known["identifier"],
        "name": by_name,
    }
    return tuple(code for code, agrees in agreeing.items() if agrees)


# ---- a living person ------------------------------------------------------------------------------------------------


class Wishes(TypedDict):
    """What a person wants after their death, and by what they will be found. `executor`: who, and how to reach them."""

    kind: str
    text: str
    name: str
    email: NotRequired[str]
    identifier: NotRequired[str]
    executor: NotRequired[str]


@transaction.atomic
def directive_register(
    *, case_right: CaseRight, actor: Actor, version: int | None = None, **wishes: Unpack[Wishes]
) -> Directive:
    """Keep what the person wants done after their death.

    Raises DomainError `directives_not_here`, `text_missing`, `name_missing` or `case_closed`.
    """
    member = actor.must(Act.CASE_WORK, case_right.case.organisation)
    case_touch_open(case=case_right.case, version=version)
    _right_must_be(case_right, "directives")
    directive = _register(case_right, member, wishes)
    _written_journal(directive, "directive.registered", actor)
    return directive


@transaction.atomic
def directive_replace(
    *,
    directive: Directive,
    case_right: CaseRight,
    actor: Actor,
    version: int | None = None,
    **wishes: Unpack[Wishes],
) -> Directive:
    """Put newer directives in the place of those registered before, in this case or in another one.

    Raises as `directive_register` and `directive_revoke`.
    """
    member = actor.must(Act.CASE_WORK, case_right.case.organisation)
    case_touch_open(case=case_right.case, version=version)
    _right_must_be(case_right, "directives")
    _theirs_check(directive, case_right)
    _end(directive, DirectiveEnd.REPLACED, case_right, actor)
    newer = _register(case_right, member, wishes)
    _written_journal(newer, "directive.replaced", actor, replaced=directive.pk)
    return newer


@transaction.atomic
def directive_revoke(
    *, directive: Directive, case_right: CaseRight, actor: Actor, version: int | None = None
) -> None:
    """The person takes their directives back, as they may at any time.

    What was registered in another case takes an established identity: nobody undoes the will of somebody else. Raises
    DomainError `directives_not_here`, `directive_ended`, `identity_not_established` or `case_closed`.
    """
    actor.must(Act.CASE_WORK, case_right.case.organisation)
    case_touch_open(case=case_right.case, version=version)
    _right_must_be(case_right, "directives")
    _theirs_check(directive, case_right)
    _end(directive, DirectiveEnd.REVOKED, case_right, actor)
    _journal(case_right, "directive.revoked", actor, {}, directive=directive.pk)


def _right_must_be(case_right: CaseRight, code: str) -> None:
    if case_right.right != code:
        raise DomainError("directives_not_here", _("This belongs to a right about data after a death."))


def _theirs_check(directive: Directive, case_right: CaseRight) -> None:
    case = case_right.case
    case.refresh_from_db(fields=["identity_established_at"])
    if directive.case_right_id != case_right.pk and case.identity_established_at is None:
        raise DomainError(
            "identity_not_established",
            _("These directives were registered in another case: establish first that it is the same person."),
        )


def _register(case_right: CaseRight, member: User, wishes: Wishes) -> Directive:
    text, name = wishes["text"].strip(), wishes["name"].strip()
    if not text:
        raise DomainError("text_missing", _("Write what the person wants, or where their directives are kept."))
    if not name:
        raise DomainError("name_missing", _("Give the name: after the death the directives are looked for by it."))
    return Directive.objects.create(
        organisation=case_right.case.organisation,
        case_right=case_right,
        kind=DirectiveKind(wishes["kind"]),
        text=text,
        name=name,
        name_search=" ".join(sorted(name_words(name)))[:300],
        email=address_normalise(AddressKind.EMAIL, wishes.get("email", "")),
        identifier=address_normalise(AddressKind.IDENTIFIER, wishes.get("identifier", "")),
        executor=wishes.get("executor", "").strip(),
        registered_at=datetime.now(UTC),
        registered_by=member,
    )


def _written_journal(directive: Directive, kind: str, actor: Actor, **facts: int) -> None:
    _journal(
        directive.case_right, kind, actor, {"text": directive.text},
        directive=directive.pk, directive_kind=str(directive.kind), **facts,
    )  # fmt: skip


# ---- after the death ------------------------------------------------------------------------------------------------


@transaction.atomic
def directives_looked_for(*, case_right: CaseRight, actor: Actor, version: int | None = None) -> list[FoundDirective]:
    """Note that the directives of the person who died were looked for, and what was found (checklist PM2).

    Raises DomainError `directives_not_here` or `case_closed`.
    """
    case = case_right.case
    actor.must(Act.CASE_WORK, case.organisation)
    case_touch_open(case=case, version=version)
    _right_must_be(case_right, "post_mortem")
    found = directives_found(case)
    _journal(case_right, "directives.looked_for", actor, {}, directives=[one.directive.pk for one in found])
    with language_override(case.organisation.language):
        checklist_items_done(case_right=case_right, notes={"PM2": _found_words(found)})
    return found


def _found_words(found: Iterable[FoundDirective]) -> str:
    matches = list(found)
    if not matches:
        return gettext("No directive in force agrees with this person.")
    sentence = ngettext(
        "%(count)d directive in force agrees: by %(what)s.",
        "%(count)d directives in force agree: by %(what)s.",
        len(matches),
    )
    return sentence % {"count": len(matches), "what": listed(one.words for one in matches)}


@transaction.atomic
def entitlement_record(
    *,
    case_right: CaseRight,
    entitled_as: str,
    proof: str,
    directive: Directive | None = None,
    note: str = "",
    actor: Actor,
    version: int | None = None,
) -> Entitlement:
    """Record why whoever asks may act, and what was seen; no document is kept (checklist PM1).

    An heir shows an acte de notoriété or a livret de famille (décret 2019-536 art. 124). For an executor or a
    designated person nothing is prescribed: they are named in the directives, ours (`directive`) or those of a trusted
    third party (`note` says where). Raises DomainError `directives_not_here`, `proof_not_fitting`, `directive_missing`
    or `case_closed`.
    """
    case = case_right.case
    member = actor.must(Act.CASE_WORK, case.organisation)
    case_touch_open(case=case, version=version)
    _right_must_be(case_right, "post_mortem")
    if (entitled_as == EntitledAs.HEIR) == (proof == EntitlementProof.DIRECTIVES):
        raise DomainError(
            "proof_not_fitting",
            _("An heir shows an acte de notoriété or a livret de famille; anybody else is named in the directives."),
        )
    if proof == EntitlementProof.DIRECTIVES and directive is None and not note.strip():
        raise DomainError("directive_missing", _("Choose the directives, or write where those of a third party are."))
    entitlement = Entitlement.objects.create(
        case_right=case_right,
        entitled_as=EntitledAs(entitled_as),
        proof=EntitlementProof(proof),
        directive=directive,
        note=note.strip(),
        set_by=member,
        set_at=datetime.now(UTC),
    )
    _journal(
        case_right, "entitlement.recorded", actor, {"note": entitlement.note} if entitlement.note else {},
        entitled_as=str(entitlement.entitled_as), proof=str(entitlement.proof),
        **({"directive": directive.pk} if directive else {}),
    )  # fmt: skip
    with language_override(case.organisation.language):
        words = gettext("%(entitled_as)s: %(proof)s. %(note)s") % {
            "entitled_as": entitlement.get_entitled_as_display(),
            "proof": entitlement.get_proof_display(),
            "note": entitlement.note,
        }
        checklist_items_done(case_right=case_right, notes={"PM1": words.strip()})
    return entitlement


@transaction.atomic
def directive_carry_out(
    *, directive: Directive, case_right: CaseRight, note: str, actor: Actor, version: int | None = None
) -> None:
    """What the person wanted is done; the directives end. `note` says what was done.

    Only for somebody entitled: the person whom the directives name, else the heirs (loi 78-17 art. 85). Raises
    DomainError `directives_not_here`, `entitlement_missing`, `note_missing`, `directive_ended` or `case_closed`.
    """
    actor.must(Act.CASE_WORK, case_right.case.organisation)
    case_touch_open(case=case_right.case, version=version)
    _right_must_be(case_right, "post_mortem")
    if not case_right.entitlements.exists():
        raise DomainError("entitlement_missing", _("Record first why whoever asks may act for the person who died."))
    if not note.strip():
        raise DomainError("note_missing", _("Write what was done."))
    _end(directive, DirectiveEnd.CARRIED_OUT, case_right, actor)
    _journal(case_right, "directive.carried_out", actor, {"note": note.strip()}, directive=directive.pk)


def _end(directive: Directive, end: DirectiveEnd, case_right: CaseRight, actor: Actor) -> None:
    """Raises DomainError `directive_ended` for one that is no longer in force here."""
    rows = Directive.objects.in_force().filter(pk=directive.pk, organisation=case_right.case.organisation)
    if not rows.update(ended_at=datetime.now(UTC), ended_by=actor.user, end=end):
        raise DomainError("directive_ended", _("These directives are no longer in force."))
    directive.refresh_from_db(fields=["ended_at", "ended_by", "end"])


def _journal(
    case_right: CaseRight, kind: str, actor: Actor, values: dict[str, str], **facts: str | int | list[int]
) -> None:
    case = case_right.case
    case_journal(case=case, kind=kind, actor=actor, facts={"right": case_right.right, **facts}, values=values)
