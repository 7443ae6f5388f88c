"""The mail of a demo can be browsed, safely; a real installation has no such page."""

from pathlib import Path
from typing import Any

import pytest
from django.http import Http404
from django.test import Client, RequestFactory

from requests_app import demo_views
from requests_app.mail_folder import mail_write

MAIL = (
    b"From: Virelune <privacy@virelune.example>\nTo: camille@mail.example\nSubject: Hello <b>you</b>\n\n"
    b"Confirm: http://localhost:8000/virelune/confirm/abc/\n<script>alert(1)</script>\n"
)


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.MAIL_DIR = tmp_path
    settings.DEMO = True
    return tmp_path


def show(view: Any, *args: str) -> str:
    return str(view(RequestFactory().get("/demo/mail/"), *args).content.decode())


@pytest.mark.urls("tests.requests_app.demo_urlconf")
def test_the_list_and_one_mail(folder: Path, client: Client) -> None:
    assert "No mail yet" in client.get("/demo/mail/").content.decode()
    mail_write(folder, MAIL.replace(b"Hello", b"Older"))
    path = mail_write(folder, MAIL)
    (folder / "stranger.eml").write_bytes(b"not ours")
    page = client.get("/demo/mail/").content.decode()
    assert page.index("Hello &lt;b&gt;") < page.index("Older &lt;b&gt;")
    page = client.get(f"/demo/mail/{path.stem}/").content.decode()
    assert '<a href="http://localhost:8000/virelune/confirm/abc/"' in page
    assert "<script>alert" not in page
    for name in ("stranger", "..%2f..%2fdsar", "20260305T184210.000000-gone"):
        assert client.get(f"/demo/mail/{name}/").status_code == 404


def test_only_in_a_demo(folder: Path, settings: Any) -> None:
    settings.DEMO = False
    for view, args in ((demo_views.demo_mail, ()), (demo_views.demo_mail_message, ("x",))):
        with pytest.raises(Http404):
            show(view, *args)
