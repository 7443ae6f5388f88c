"""A logo is a small PNG, or shapes and nothing else; anything that could run, load or grow is refused."""

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from dsar.core.actors import Actor
from dsar.core.logos import LARGEST, logo_digest, logo_problem, logo_type
from dsar.core.models import Logo, Organisation
from dsar.core.profile_reader import ProfileError
from dsar.management.commands.organisation_import import profile_import

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9z" fill="#123"/></svg>'
PROFILE = Path(__file__).parents[2] / "dsar" / "profiles" / "jst-france.toml"


def svg(inside: str, attributes: str = "") -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg" {attributes}>{inside}</svg>'.encode()


def test_shapes_and_pictures_are_logos() -> None:
    assert logo_problem(PNG) == logo_problem(SVG) == ""
    gradient = '<defs><linearGradient id="a"><stop offset="0"/></linearGradient></defs><path fill="url(#a)" d="M0 0"/>'
    assert logo_problem(svg(gradient)) == ""
    assert logo_problem(svg('<defs><path id="p" d="M0 0"/></defs><use href="#p"/>')) == ""
    assert logo_problem(b'\xef\xbb\xbf<?xml version="1.0" encoding="UTF-8"?>\n' + SVG) == ""
    assert (logo_type(PNG), logo_type(SVG)) == ("image/png", "image/svg+xml")
    assert logo_digest(b"") == "" != logo_digest(SVG)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a",
        b"\xff\xfe\x00",
        b"<html xmlns='http://www.w3.org/1999/xhtml'/>",
        b"<svg/>",
        b"<svg xmlns='http://www.w3.org/2000/svg'>",
        PNG + bytes(LARGEST),
        b'<!DOCTYPE svg [<!ENTITY a "b">]>' + SVG,
        b'<?xml version="1.0"?><!doctype svg>' + SVG,
        ('<!DOCTYPE svg [<!ENTITY a "b">]>' + SVG.decode()).encode("utf-16"),
        b'<?xml version="1.0" encoding="cp037"?>' + SVG.decode().encode("cp037"),
        b'<?xml version="1.0" encoding="iso-8859-1"?>' + SVG,
        b'<?xml-stylesheet href="https://x.example/a.css"?>' + SVG,
        b'<?xml version="1.0"?>\n<?xml-stylesheet href="#a"?>' + SVG,
        svg("<?php echo 1 ?>"),
        svg('<path fill="u\\72l(//x.example/a#b)"/>'),
        svg("<script>alert(1)</script>"),
        svg('<script xmlns="http://www.w3.org/1999/xhtml"/>'),
        svg("<style>*{}</style>"),
        svg("<foreignObject/>"),
        svg('<image href="x.png"/>'),
        svg("<a/>"),
        svg("<animate/>"),
        svg("<text>x</text>"),
        svg("", 'onload="alert(1)"'),
        svg("", 'OnLoad="alert(1)"'),
        svg('<path style="fill:url(https://x.example)"/>'),
        svg('<path fill="url(https://x.example/a)"/>'),
        svg('<path fill="url( &quot;//x.example/a#b&quot;)"/>'),
        svg('<use href="https://x.example/a.svg#b"/>'),
        svg('<use xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="data:image/svg+xml,x"/>'),
    ],
)
def test_everything_else_is_refused(content: bytes) -> None:
    assert logo_problem(content) != ""


# ---- from the profile to the page ------------------------------------------------------------------------------------


def imported(folder: Path, logo: str | None) -> tuple[Organisation, list[str]]:
    line = f'logo = "{logo}"\n' if logo else ""
    text = PROFILE.read_text(encoding="utf-8").replace("[organisation]\n", f"[organisation]\n{line}", 1)
    organisation, changed, _clocks = profile_import(text.encode(), actor=Actor.SYSTEM, folder=folder)
    return organisation, changed


@pytest.mark.django_db
def test_the_logo_of_a_profile_is_shown_on_every_public_page(client: Client, tmp_path: Path) -> None:
    (tmp_path / "logo.svg").write_bytes(SVG)
    organisation, _changed = imported(tmp_path, "logo.svg")
    assert imported(tmp_path, "logo.svg")[1] == []
    Organisation.objects.update(is_active=True)
    address = reverse("public-logo", args=[organisation.slug])
    for name in ("public-start", "public-request", "public-notice", "public-track", "public-embed"):
        page = client.get(reverse(name, args=[organisation.slug])).content.decode()
        assert f'src="{address}?v={logo_digest(SVG)}" alt="{organisation.name}"' in page, name
    response = client.get(address)
    assert response.content == SVG
    assert response.headers["Content-Type"] == "image/svg+xml"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert not response.cookies
    assert "Cookie" not in response.headers.get("Vary", "")


@pytest.mark.django_db
def test_another_logo_changes_the_address_and_none_takes_it_away(client: Client, tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(PNG)
    first, _changed = imported(tmp_path, "logo.png")
    (tmp_path / "logo.png").write_bytes(PNG + b"2")
    second, changed = imported(tmp_path, "logo.png")
    assert changed == ["organisation"]
    assert first.logo_digest != second.logo_digest
    third, _changed = imported(tmp_path, None)
    assert third.logo_digest == ""
    assert Logo.objects.count() == 0
    Organisation.objects.update(is_active=True)
    assert client.get(reverse("public-logo", args=[third.slug])).status_code == 404
    assert 'class="mark"' in client.get(reverse("public-start", args=[third.slug])).content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("../logo.svg", SVG, "is not the name of a file beside the profile"),
        ("logo.svg", svg("<script/>"), "shapes only"),
        ("logo.svg", SVG + bytes(LARGEST), "is larger than"),
    ],
)
def test_a_logo_that_cannot_be_shown_stops_the_import_with_its_line(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    (tmp_path / "logo.svg").write_bytes(content)
    with pytest.raises(ProfileError) as error:
        imported(tmp_path, name)
    problem = error.value.problems[0]
    assert (problem.key, problem.line > 0) == ("organisation.logo", True)
    assert says in problem.message


@pytest.mark.django_db
def test_a_profile_that_was_copied_without_its_logo_is_imported_without(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    organisation, _changed = imported(tmp_path, "logo.svg")
    assert organisation.logo_digest == ""
    assert "does not lie beside the profile" in caplog.text


def test_the_logos_of_the_demonstration_are_good() -> None:
    logos = list(PROFILE.parent.glob("*.svg"))
    assert logos
    assert [logo_problem(path.read_bytes()) for path in logos] == [""] * len(logos)
