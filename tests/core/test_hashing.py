"""Keys derived from the master key."""

import pytest
from django.test import override_settings

from dsar.core.hashing import keyed_hash, keyed_hash_matches, keyed_hashes, master_key_id, token_derive, wrapping_key


def test_hash_depends_on_purpose_and_master_key() -> None:
    here = keyed_hash("address", "ada@example.org")
    assert here == keyed_hash("address", b"ada@example.org")
    assert len(here) == 64
    assert here != keyed_hash("submission", "ada@example.org")
    with override_settings(MASTER_KEY="another"):
        assert here != keyed_hash("address", "ada@example.org")


def test_hash_stays_findable_after_a_rotation() -> None:
    with override_settings(MASTER_KEY="old"):
        stored = keyed_hash("code", "123456")
    with override_settings(MASTER_KEY="new", MASTER_KEYS_PREVIOUS=["old"]):
        assert stored in keyed_hashes("code", "123456")
        assert keyed_hash_matches("code", "123456", stored)
        assert not keyed_hash_matches("code", "123457", stored)
        assert keyed_hash("code", "123456") != stored
    with override_settings(MASTER_KEY="new", MASTER_KEYS_PREVIOUS=[]):
        assert not keyed_hash_matches("code", "123456", stored)


def test_text_that_is_no_unicode_is_hashed_too() -> None:
    assert keyed_hash("mail", "\udce9") != keyed_hash("mail", "?")


def test_token_is_stable_sized_and_of_its_purpose() -> None:
    token = token_derive("tracking", "DSR-2026-1", 80)
    assert len(token) == 10
    assert token == token_derive("tracking", "DSR-2026-1", 80)
    assert token != token_derive("tracking", "DSR-2026-2", 80)
    assert token.hex() not in keyed_hash("tracking", "DSR-2026-1")
    for bits in (0, 12, 264):
        with pytest.raises(ValueError, match="multiple of 8"):
            token_derive("tracking", "x", bits)


def test_wrapping_key_is_found_by_the_id_of_its_master_key() -> None:
    old = master_key_id("old")
    with override_settings(MASTER_KEY="new", MASTER_KEYS_PREVIOUS=["old"]):
        assert wrapping_key(old) != wrapping_key(master_key_id())
    with override_settings(MASTER_KEY="new"), pytest.raises(KeyError):
        wrapping_key(old)
