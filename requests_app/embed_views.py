"""What other sites show of an organisation: a link to its form, a button as an image, its logo. No cookie."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from dsar.core.colour import accent_print
from dsar.core.logos import LOGO_POLICY, logo_type
from dsar.core.models import Logo, Organisation
from requests_app.correspondence import absolute
from requests_app.form_choices import choices_for
from requests_app.public_pages import LANGUAGES, organisation_page, page_render

LETTER = 9.4  # units of width a letter of the button takes, whatever font the reader's system has
PADDING, HEIGHT = 20, 44


@organisation_page
@require_safe
def public_embed(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """Lines of HTML to copy: a link, a button, and a link that opens the form with a box ticked."""
    language = get_language() or organisation.language
    form = absolute("public-request", organisation.slug)
    words = button_words(language)
    button, width = absolute("public-button", organisation.slug), button_width(words)
    context: dict[str, Any] = {
        "words": words,
        "width": width,
        "height": HEIGHT,
        "link": f'<a href="{form}?lang={language}">{words}</a>',
        "button": f'<a href="{form}?lang={language}"><img src="{button}?lang={language}" '
        f'width="{width}" height="{HEIGHT}" alt="{words}"></a>',
        "deep_links": [
            (choice.right.verb, f"{form}?right={choice.code}&lang={language}")
            for choice in choices_for(organisation.country)
        ],
    }
    return page_render(request, organisation, "public_embed", context)


@require_safe
@cache_control(public=True, max_age=86_400)
def public_button(request: HttpRequest, slug: str) -> HttpResponse:
    """The button as an image in the organisation's accent, at least 5.2:1 to its white words; `?lang=` chooses them."""
    organisation = get_object_or_404(Organisation.objects.filter(is_active=True), slug=slug)
    asked = request.GET.get("lang", "")
    words = button_words(asked if asked in LANGUAGES else organisation.language)
    width = button_width(words)
    context = {
        "words": words,
        "width": width,
        "height": HEIGHT,
        "text_width": width - 2 * PADDING,
        "middle": width // 2,
        "colour": accent_print(organisation.brand_colour),
    }
    return render(request, "requests_app/public_button.svg", context, content_type="image/svg+xml")


@require_safe
@cache_control(public=True, max_age=86_400)
def public_logo(request: HttpRequest, slug: str) -> HttpResponse:
    """The organisation's logo; as a page of its own it may load nothing and run nothing."""
    logo = Logo.objects.filter(organisation__slug=slug, organisation__is_active=True).first()
    if logo is None:
        raise Http404
    content = bytes(logo.content)
    strict = {"Content-Security-Policy": LOGO_POLICY, "X-Content-Type-Options": "nosniff"}
    return HttpResponse(content, content_type=logo_type(content), headers=strict)


def button_words(language: str) -> str:
    """What the button says."""
    with override(language if language in LANGUAGES else settings.LANGUAGE_CODE):
        return _("Your data, your rights")


def button_width(words: str) -> int:
    """Units of width; the image is drawn at this size unless the page says otherwise."""
    return round(len(words) * LETTER) + 2 * PADDING
