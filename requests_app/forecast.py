"""The next four weeks of the desk: how many rights fall due on which day, and for which team."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import BooleanField, Case, Count, DateField, F, Q, Value, When
from django.utils.translation import gettext, ngettext

from dsar.core.models import User
from dsar.core.templatetags.dsar_format import day, day_short
from requests_app.clock_words import SOON_DAYS
from requests_app.models import CaseRight
from requests_app.models.cases import CaseRightQuerySet

DAYS = 28
# The drawing, in its own units: what is overdue, some room, then a slot a day.
SLOT, BAR = 17, 14  # width of a day, of its bar
TODAY = 4  # the slot of today
HEIGHT, HEAD, FOOT = 150, 16, 24  # of the highest bar; above it for its number; below for the dates
WIDTH, SIDE = (TODAY + DAYS) * SLOT, 44  # of all slots; left and right, for half a date

Team = tuple[str, str]  # name of the organisation, name of the team: empty where a case has none


@dataclass(frozen=True)
class ForecastRow:
    """One line of the table: the rights of each team on one day, or overdue, or paused."""

    label: str
    css: str  # late, soon, ok or hold, as on a due badge
    counts: tuple[int, ...]  # in the order of `Forecast.teams`

    @property
    def total(self) -> int:
        return sum(self.counts)


@dataclass(frozen=True)
class Bar:
    """One bar of the drawing: `path` is its outline, `x` its middle, `y` where the number above it stands."""

    path: str
    css: str
    x: int
    y: int
    number: int


@dataclass(frozen=True)
class Mark:
    """A date under the drawing; left out where the drawing is small and would not hold it."""

    text: str
    x: int
    is_optional: bool


@dataclass(frozen=True)
class Forecast:
    """What the panel shows: a finding, the table and its drawing. `teams` are the columns."""

    title: str
    teams: tuple[Team, ...]
    rows: tuple[ForecastRow, ...]
    bars: tuple[Bar, ...]
    marks: tuple[Mark, ...]

    view_box = f"-{SIDE} -{HEAD} {WIDTH + 2 * SIDE} {HEIGHT + HEAD + FOOT}"
    axis = f"M0 {HEIGHT}.5H{WIDTH}"
    foot = HEIGHT + FOOT - 6  # where the dates stand

    @property
    def names_organisations(self) -> bool:
        """Whether the columns are of several organisations."""
        return len({organisation for organisation, _name in self.teams}) > 1


def forecast_rights(user: User, today: date) -> CaseRightQuerySet:
    """The rights that the panel counts: those that wait for an answer, as the sweep of the reminders knows them too
    (`CaseRightQuerySet.awaited`), and fall on a day before the end of the four weeks."""
    soon = Q(falls_on__lt=today + timedelta(days=DAYS))
    return CaseRight.objects.visible_to(user).awaited().filter(soon | Q(due_on=None))


def forecast(user: User, today: date) -> Forecast:
    """What falls due for the member's organisations from `today`, the member's date, on: one query.

    What is paused has no due date: it is counted apart.
    """
    by_day: dict[date | None, Counter[Team]] = {}
    paused: Counter[Team] = Counter()
    for on, is_paused, team, number in _counted(user, today):
        (paused if is_paused else by_day.setdefault(on, Counter()))[team] += number
    teams = tuple(sorted({team for count in (paused, *by_day.values()) for team in count}, key=_team_order))
    rows = [_row(_day_label(on, today), by_day[on], teams, _css(on, today)) for on in sorted(by_day, key=_day_order)]
    if paused:
        rows.append(_row(gettext("Paused: a question is open"), paused, teams, "hold"))
    totals = {on: count.total() for on, count in by_day.items()}
    return Forecast(_title(totals, today), teams, tuple(rows), tuple(_bars(totals, today)), tuple(_marks(today)))


def _counted(user: User, today: date) -> list[tuple[date | None, bool, Team, int]]:
    """Day, whether paused, team, and how many rights. What is overdue has None for a day."""
    groups = (
        forecast_rights(user, today)
        .order_by()
        .values(
            on=Case(When(falls_on__lt=today, then=None), default=F("falls_on"), output_field=DateField()),
            paused=Case(When(Q(due_on=None), then=Value(True)), default=Value(False), output_field=BooleanField()),
            organisation=F("case__organisation__name"),
            team=F("case__team__name"),
        )
        .annotate(number=Count("pk"))
    )
    return [(row["on"], row["paused"], (row["organisation"], row["team"] or ""), row["number"]) for row in groups]


def _day_order(on: date | None) -> date:
    return on or date.min  # what is overdue first


def _team_order(team: Team) -> tuple[str, bool, str]:
    organisation, name = team
    return organisation.casefold(), name == "", name.casefold()


def _row(label: str, counts: Counter[Team], teams: tuple[Team, ...], css: str) -> ForecastRow:
    return ForecastRow(label, css, tuple(counts[team] for team in teams))


def _day_label(on: date | None, today: date) -> str:
    if on is None:
        return gettext("Overdue")
    return gettext("Today, %(day)s") % {"day": day(on, today)} if on == today else day(on, today)


def _css(on: date | None, today: date) -> str:
    """The colour and sign of the same date's badge (`clock_words.due_words`)."""
    if on is None or on <= today:
        return "late"
    return "soon" if (on - today).days <= SOON_DAYS else "ok"


def _title(totals: dict[date | None, int], today: date) -> str:
    """The finding: how much comes, and its fullest day."""
    coming = {on: number for on, number in totals.items() if on is not None}
    if not coming:
        return gettext("Nothing falls due in the next four weeks")
    number = sum(coming.values())
    text = ngettext(
        "%(number)s right falls due in the next four weeks", "%(number)s rights fall due in the next four weeks", number
    ) % {"number": number}
    fullest = max(coming, key=lambda on: (coming[on], -on.toordinal()))
    if coming[fullest] == 1:
        return text
    most = gettext("most on %(day)s: %(number)s") % {"day": day(fullest, today), "number": coming[fullest]}
    return f"{text}, {most}"


def _bars(totals: dict[date | None, int], today: date) -> Iterator[Bar]:
    """A bar for each day with something, as high as its share of the fullest."""
    for on in sorted(totals, key=_day_order):
        slot = 0 if on is None else TODAY + (on - today).days
        height = max(2, totals[on] * HEIGHT // max(totals.values()))
        path = f"M{slot * SLOT} {HEIGHT}v-{height}h{BAR}V{HEIGHT}z"
        yield Bar(path, _css(on, today), slot * SLOT + BAR // 2, HEIGHT - height - 4, totals[on])


def _marks(today: date) -> Iterator[Mark]:
    """Where what is overdue stands, and each Monday."""
    yield Mark(gettext("Overdue"), BAR // 2, is_optional=False)
    for week, days in enumerate(range(-today.weekday() % 7, DAYS, 7)):
        monday = today + timedelta(days=days)
        yield Mark(day_short(monday), (TODAY + days) * SLOT + BAR // 2, is_optional=week % 2 == 0)
