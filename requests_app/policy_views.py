"""What the privacy policies of our organisations promise, and what they leave out, for whoever answers for them."""

from django.http import HttpRequest, HttpResponse

from dsar.core.policy_report import policy_report
from dsar.core.roles import Act
from requests_app.desk_access import desk_page, desk_render, member, organisations_allowing, somewhere_or_403


@desk_page
def policies(request: HttpRequest) -> HttpResponse:
    """The findings of each organisation whose cases the member reads (GDPR arts. 12 to 14)."""
    somewhere_or_403(request, Act.CASE_READ)
    organisations = organisations_allowing(member(request), Act.CASE_READ)
    reports = [(organisation, policy_report(organisation)) for organisation in organisations]
    return desk_render(request, "requests_app/desk_policies.html", {"reports": reports, "section": "policies"})
