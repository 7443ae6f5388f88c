"""The archive for a person with one channel: it opens with its passphrase only, and shows no name without it."""

import io
import stat
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import pyzipper
from stream_zip import ZIP_32, ZIP_64, Method, stream_zip

from requests_app.references import ALPHABET
from requests_app.sealing import archive_seal, passphrase_make, zip_entries

FILES = {"index.html": b"<p>caf\xc3\xa9</p>", "data/crm/customers.json": b"[]" * 100_000, "empty.txt": b""}


def streamed(method: Method) -> Iterator[bytes]:
    at = datetime(2026, 3, 5, tzinfo=UTC)
    return iter(stream_zip((name, at, stat.S_IFREG | 0o644, method, [content]) for name, content in FILES.items()))


def test_a_passphrase_carries_a_hundred_bits_and_no_look_alikes() -> None:
    made = {passphrase_make() for _ in range(50)}
    assert len(made) == 50
    assert all(len(group) == 4 and set(group) <= set(ALPHABET) for word in made for group in word.split("-"))
    assert all(len(word.replace("-", "")) * 5 >= 96 for word in made)


def test_the_archive_opens_with_the_passphrase_and_tells_no_name_without_it() -> None:
    sealed = b"".join(archive_seal(((name, [content]) for name, content in FILES.items()), passphrase="A1B2-C3D4"))
    assert b"customers" not in sealed
    with pyzipper.AESZipFile(io.BytesIO(sealed)) as archive:
        [info] = archive.infolist()
        assert (info.filename, info.wz_aes_strength) == ("answer.zip", 3)  # 3: AES-256
        with pytest.raises(RuntimeError, match="password"):
            archive.read("answer.zip", pwd=b"A1B2-C3D5")
        inner = archive.read("answer.zip", pwd=b"A1B2-C3D4")
    with zipfile.ZipFile(io.BytesIO(inner)) as opened:
        assert {name: opened.read(name) for name in opened.namelist()} == FILES


@pytest.mark.parametrize("method", [ZIP_32, ZIP_64])
def test_a_streamed_zip_is_read_back_file_by_file(method: Method) -> None:
    content = b"".join(streamed(method))
    drops = (content[start : start + 7] for start in range(0, len(content), 7))
    assert {name: b"".join(pieces) for name, pieces in zip_entries(drops)} == FILES
    assert [name for name, _unread in zip_entries([content])] == list(FILES)


def test_a_damaged_zip_is_noticed() -> None:
    content = bytearray(b"".join(streamed(ZIP_32)))
    with pytest.raises(ValueError, match="too early"):
        [list(pieces) for _name, pieces in zip_entries([bytes(content[:60])])]
    content[content.index(b"customers.json") + 60] ^= 1
    with pytest.raises(ValueError, match="damaged"):
        [list(pieces) for _name, pieces in zip_entries([bytes(content)])]
