"""One-time codes: one address, one purpose, few attempts, once."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from dsar.core.errors import DomainError
from requests_app import access_codes
from requests_app.models import AccessCode, PartyAddress
from tests.factories import OrganisationFactory, a_case

pytestmark = pytest.mark.django_db

PORTAL = AccessCode.Purpose.PORTAL
DOWNLOAD = AccessCode.Purpose.DOWNLOAD
CONFIRM = AccessCode.Purpose.CONFIRM
NOW = datetime(2026, 3, 6, 9, tzinfo=UTC)


@pytest.fixture
def address() -> PartyAddress:
    case = a_case(OrganisationFactory.create())
    return PartyAddress.objects.get(party__case=case)


def refused(address: PartyAddress, code: str, purpose: str = PORTAL) -> str:
    with pytest.raises(DomainError) as error:
        access_codes.code_check(address=address, purpose=purpose, code=code)
    assert str(error.value)
    return error.value.code


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def test_a_code_works_once_however_it_is_spaced(address: PartyAddress) -> None:
    code = access_codes.code_issue(address=address, purpose=PORTAL).code
    assert len(code) == 6
    assert access_codes.code_check(address=address, purpose=PORTAL, code=f" {code[:3]}-{code[3:]} ").used_at
    assert refused(address, code) == "code_expired"


def test_only_hashes_are_stored(address: PartyAddress) -> None:
    issued = access_codes.code_issue(address=address, purpose=CONFIRM)
    stored = str(AccessCode.objects.filter(pk=issued.row.pk).values_list()[0])
    assert issued.token not in stored
    assert f"'{issued.code}'" not in stored


@pytest.mark.parametrize(("purpose", "valid"), [(PORTAL, timedelta(minutes=15)), (CONFIRM, timedelta(days=14))])
def test_a_code_expires(address: PartyAddress, purpose: str, valid: timedelta) -> None:
    with time_machine.travel(NOW, tick=False):
        code = access_codes.code_issue(address=address, purpose=purpose).code
    with time_machine.travel(NOW + valid, tick=False):
        assert refused(address, code, purpose) == "code_expired"
    with time_machine.travel(NOW + valid - timedelta(seconds=1), tick=False):
        access_codes.code_check(address=address, purpose=purpose, code=code)


def test_five_attempts_and_no_more(address: PartyAddress) -> None:
    code = access_codes.code_issue(address=address, purpose=PORTAL).code
    assert [refused(address, other_than(code)) for _ in range(5)] == ["code_wrong"] * 4 + ["code_attempts_spent"]
    assert refused(address, code) == "code_attempts_spent"


def test_a_wrong_code_says_how_often_one_may_try(address: PartyAddress) -> None:
    code = access_codes.code_issue(address=address, purpose=PORTAL).code
    with pytest.raises(DomainError, match="4 more times"):
        access_codes.code_check(address=address, purpose=PORTAL, code=other_than(code))


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "12345\x00"])
def test_what_cannot_be_a_code_costs_no_attempt(address: PartyAddress, typed: str) -> None:
    code = access_codes.code_issue(address=address, purpose=PORTAL).code
    assert refused(address, typed) == "code_malformed"
    assert access_codes.code_check(address=address, purpose=PORTAL, code=code).attempts == 1


def test_a_new_code_replaces_the_old_one(address: PartyAddress, monkeypatch: pytest.MonkeyPatch) -> None:
    codes = iter([111111, 222222])
    monkeypatch.setattr("requests_app.access_codes.secrets.randbelow", lambda _limit: next(codes))
    old, new = (access_codes.code_issue(address=address, purpose=PORTAL).code for _ in range(2))
    assert refused(address, old) == "code_wrong"
    access_codes.code_check(address=address, purpose=PORTAL, code=new)


def test_a_code_is_for_one_purpose_and_one_address(address: PartyAddress) -> None:
    code = access_codes.code_issue(address=address, purpose=PORTAL).code
    other = PartyAddress.objects.create(
        party=address.party, kind="email", value="b@x.example", normalised="b@x.example"
    )
    assert refused(address, code, DOWNLOAD) == "code_expired"
    assert refused(other, code) == "code_expired"
    # Nor does a stored hash mean the same elsewhere.
    for elsewhere, purpose in ((address, DOWNLOAD), (other, PORTAL)):
        row = access_codes.code_issue(address=elsewhere, purpose=purpose).row
        AccessCode.objects.filter(pk=row.pk).update(
            code_hash=AccessCode.objects.get(address=address, purpose=PORTAL).code_hash
        )
        assert refused(elsewhere, code, purpose) == "code_wrong"


def test_nobody_fills_a_mailbox_through_us(address: PartyAddress) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        for _ in range(5):
            access_codes.code_issue(address=address, purpose=PORTAL)
        with pytest.raises(DomainError) as error:
            access_codes.code_issue(address=address, purpose=PORTAL)
        assert error.value.code == "codes_too_many"
        clock.shift(timedelta(hours=1, seconds=1))
        access_codes.code_issue(address=address, purpose=PORTAL)


def test_a_link_names_its_address_and_no_other(address: PartyAddress) -> None:
    issued = access_codes.code_issue(address=address, purpose=CONFIRM)
    found = access_codes.confirmation_by_token(issued.token)
    assert found is not None
    assert found.address == address
    assert access_codes.confirmation_by_token(issued.token + "x") is None
    assert access_codes.confirmation_by_token("") is None
