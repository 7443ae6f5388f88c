"""Files at rest: what comes out is what went in, or a clear refusal."""

import hashlib
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.storage import InMemoryStorage, default_storage
from django.test import override_settings

from dsar.core.errors import DomainError
from dsar.core.files import (
    CHUNK,
    HEADER,
    TAG,
    file_read,
    file_rewrap,
    file_store,
    file_stream,
    key_create,
    key_destroy,
    keys_rotate,
)
from dsar.core.models import EncryptionKey, Organisation, StoredFile
from tests.factories import OrganisationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def key(organisation: Organisation) -> EncryptionKey:
    return key_create(organisation=organisation, purpose="case")


def stored(key: EncryptionKey, content: bytes | Iterator[bytes] = b"a letter") -> StoredFile:
    file = file_store(key=key, name="letter.pdf", content_type="application/pdf", content=content)
    return StoredFile.objects.get(pk=file.pk)


def place(file: StoredFile) -> Path:
    return Path(default_storage.path(file.path))


def refusal(file: StoredFile) -> str:
    with pytest.raises(DomainError) as caught:
        file_read(file)
    assert str(caught.value)
    return caught.value.code


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_content_comes_back_whole_and_lies_encrypted(key: EncryptionKey, size: int) -> None:
    content = (b"personal data. " * (size // 15 + 1))[:size]
    file = stored(key, content)
    assert file_read(file) == content
    assert (file.size, file.sha256) == (size, hashlib.sha256(content).hexdigest())
    assert b"personal" not in place(file).read_bytes()
    assert "letter" not in file.path


def test_pieces_of_any_size_make_one_content(key: EncryptionKey) -> None:
    pieces = [b"", b"x" * (2 * CHUNK + 5), b"", b"y", b"z" * (CHUNK - 6), b""]
    assert file_read(stored(key, iter(pieces))) == b"".join(pieces)


def test_two_files_of_one_content_look_different(key: EncryptionKey) -> None:
    assert place(stored(key)).read_bytes() != place(stored(key)).read_bytes()


@pytest.mark.parametrize(
    "damage",
    [
        lambda c: c[:-1] + bytes([c[-1] ^ 1]),
        lambda c: c[:40] + b"?" + c[41:],
        lambda c: b"X" + c[1:],
        lambda c: c[:-1],
        lambda c: c[: len(HEADER) + CHUNK + TAG],  # the last chunks cut away
        lambda c: c[: len(HEADER)],
        lambda c: b"",
        lambda c: c + b"more",
        lambda c: c + c[-(TAG + 5) :],  # the last chunk twice
        lambda c: HEADER + c[len(HEADER) + CHUNK + TAG :],  # the first chunk left out
        lambda c: (  # two chunks exchanged
            HEADER
            + c[len(HEADER) + CHUNK + TAG : len(HEADER) + 2 * (CHUNK + TAG)]
            + c[len(HEADER) : len(HEADER) + CHUNK + TAG]
            + c[len(HEADER) + 2 * (CHUNK + TAG) :]
        ),
    ],
)
def test_damage_is_noticed(key: EncryptionKey, damage: object) -> None:
    file = stored(key, b"a" * CHUNK + b"b" * CHUNK + b"c" * 5)
    place(file).write_bytes(damage(place(file).read_bytes()))  # type: ignore[operator]
    assert refusal(file) == "file_damaged"


def test_content_of_another_file_is_noticed(key: EncryptionKey) -> None:
    one, other = stored(key), stored(key)
    place(one).write_bytes(place(other).read_bytes())
    assert refusal(one) == "file_damaged"
    other.path = one.path  # the row, too
    assert refusal(other) == "file_damaged"


def test_missing_content_is_said_before_anything_is_sent(key: EncryptionKey) -> None:
    file = stored(key)
    default_storage.delete(file.path)
    with pytest.raises(DomainError) as caught:
        file_stream(file)
    assert caught.value.code == "file_missing"


def test_rewrapping_leaves_the_content_alone(organisation: Organisation, key: EncryptionKey) -> None:
    intake = key_create(organisation=organisation, purpose="intake")
    file = stored(intake)
    before = place(file).read_bytes()
    file_rewrap(stored_file=file, key=key)
    key_destroy(intake)
    file = StoredFile.objects.get(pk=file.pk)
    assert file.key == key
    assert file_read(file) == b"a letter"
    assert place(file).read_bytes() == before


def test_a_file_never_moves_to_another_organisation(key: EncryptionKey) -> None:
    file = stored(key)
    with pytest.raises(ValueError, match="another organisation"):
        file_rewrap(stored_file=file, key=key_create(organisation=OrganisationFactory.create(), purpose="case"))


def test_destroyed_key_makes_its_files_unreadable_and_no_others(organisation: Organisation, key: EncryptionKey) -> None:
    file, other = stored(key), stored(key_create(organisation=organisation, purpose="case"))
    key_destroy(key)
    destroyed_at = key.destroyed_at
    key_destroy(key)
    assert key.destroyed_at == destroyed_at
    file = StoredFile.objects.get(pk=file.pk)
    assert refusal(file) == "key_destroyed"
    assert file_read(other) == b"a letter"
    with pytest.raises(DomainError, match="destroyed"):
        stored(key)


def test_wrong_master_key_is_said(key: EncryptionKey) -> None:
    file = stored(key)
    with override_settings(MASTER_KEY="another"):
        assert refusal(file) == "key_unreadable"
    EncryptionKey.objects.filter(pk=key.pk).update(wrapped=b"x" * 60)
    assert refusal(StoredFile.objects.get(pk=file.pk)) == "key_unreadable"


def test_rotation_of_the_master_key() -> None:
    with override_settings(MASTER_KEY="old"):
        organisation = OrganisationFactory.create()  # with an intake key
        file = stored(key_create(organisation=organisation, purpose="case"))
        key_destroy(key_create(organisation=organisation, purpose="case"))
    with override_settings(MASTER_KEY="new", MASTER_KEYS_PREVIOUS=["old"]):
        assert file_read(file) == b"a letter"
        assert keys_rotate() == 2
        assert keys_rotate() == 0
    with override_settings(MASTER_KEY="new"):
        assert file_read(StoredFile.objects.get(pk=file.pk)) == b"a letter"


def test_large_content_takes_constant_memory(key: EncryptionKey) -> None:
    size = 10 * 1024 * 1024
    tracemalloc.start()
    try:
        file = stored(key, (b"\x07" * 50_000 for _ in range(size // 50_000)))
        read = sum(len(piece) for piece in file_stream(file))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert read == file.size == size // 50_000 * 50_000
    assert peak < 2 * 1024 * 1024


def test_long_names_are_shortened_and_never_refused(key: EncryptionKey) -> None:
    name = "é" * 400 + "\x00\udce9.pdf"
    file = file_store(key=key, name=name, content_type="x" * 300, content=b"")
    file.refresh_from_db()
    assert len(file.name) == 255
    assert file.name.endswith(".pdf")


class ObjectStorage(InMemoryStorage):
    """Like a store of objects: no paths; rewinds, then reads to the end; gives the content in small pieces."""

    def _save(self, name: str, content: object) -> str:
        content.seek(0)  # type: ignore[attr-defined]
        parts = iter(lambda: content.read(1000), b"")  # type: ignore[attr-defined]
        self.__dict__.setdefault("objects", {})[name] = b"".join(parts)
        return name

    def exists(self, name: str) -> bool:
        return name in self.__dict__.get("objects", {})

    def _open(self, name: str, mode: str = "rb") -> object:
        return Trickle(self.__dict__["objects"][name])


class Trickle:
    def __init__(self, content: bytes) -> None:
        self.content = content

    def read(self, count: int) -> bytes:
        given, self.content = self.content[: min(count, 777)], self.content[min(count, 777) :]
        return given

    def __enter__(self) -> "Trickle":
        return self

    def __exit__(self, *details: object) -> None:
        self.content = b""


@override_settings(STORAGES={"default": {"BACKEND": "tests.core.test_files.ObjectStorage"}})
def test_storage_without_paths(key: EncryptionKey) -> None:
    content = b"d" * (CHUNK + 9)
    assert file_read(stored(key, content)) == content
