"""The wizard's question about the moment: a day and a time on a clock, and on what condition."""

from datetime import date, datetime
from datetime import time as time_of_day
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from campaigns.checking import needs_lead
from campaigns.clock import database_now
from campaigns.forms import StepForm
from campaigns.models import LATEST_MINUTES, Revision
from campaigns.moments import open_zone, read_moment, shows_twice, write_duration
from campaigns.zoning import list_zones

LATEST_CHOICES = (15, LATEST_MINUTES, 2 * 60, 6 * 60, 24 * 60)
CLOCK_FIELDS = ("day", "time", "zone", "fold")


class MomentForm(StepForm):
    """When, and on what condition."""

    day = forms.DateField(
        label=_("Day"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        input_formats=["%Y-%m-%d", "%d/%m/%Y"],
        error_messages={"required": _("Choose the day.")},
    )
    time = forms.TimeField(
        label=_("Time"),
        widget=forms.TimeInput(attrs={"type": "time"}),
        input_formats=["%H:%M", "%H:%M:%S"],
        error_messages={"required": _("Choose the time.")},
    )
    zone = forms.ChoiceField(
        label=_("Time zone"),
        help_text=_("The clock that the time is of. Type a city's first letters to find it."),
    )
    fold = forms.TypedChoiceField(
        label=_("Which of the two?"),
        help_text=_("Clocks go back that night and show this time twice."),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("0", _("The first")), ("1", _("The second"))],
        widget=forms.RadioSelect,
    )
    threshold = forms.IntegerField(
        label=_("Goal: how many people it takes"),
        required=False,
        min_value=1,
        max_value=10_000_000,
        help_text=_(
            "Optional. With a goal it is all or nothing: below it, nothing is sent. Leave it "
            "empty to speak whatever the number."
        ),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    counts_assisted = forms.BooleanField(
        label=_("Count people who post by their own hand as well."), required=False
    )
    latest_minutes = forms.TypedChoiceField(
        label=_("Latest time"),
        coerce=int,
        help_text=_("A post that meets trouble is tried again this long, then given up."),
    )
    asks_fold = False

    class Meta:
        model = Revision
        fields = ("zone", "threshold", "counts_assisted", "latest_minutes", "visibility")
        widgets: ClassVar = {"visibility": forms.RadioSelect}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = (self.instance.zone, self.instance.campaign.organiser.zone)
        self.fields["zone"].choices = list_zones(own)  # type: ignore[attr-defined]
        minutes = sorted({*LATEST_CHOICES, self.instance.latest_minutes})
        self.fields["latest_minutes"].choices = [  # type: ignore[attr-defined]
            (number, write_duration(number * 60)) for number in minutes
        ]
        self.initial.update(read_clock(self.instance))
        self.asks_fold = "fold" in self.initial
        self.moment: datetime | None = None
        self._explain_counting()

    def clean(self) -> dict[str, Any]:
        """Put day, time and zone together into the instant."""
        cleaned = super().clean() or self.cleaned_data
        day, at, zone = cleaned.get("day"), cleaned.get("time"), cleaned.get("zone")
        if isinstance(day, date) and isinstance(at, time_of_day) and isinstance(zone, str):
            try:
                self.moment = self._read_moment(day, at, zone=zone, fold=cleaned.get("fold"))
            except ValidationError as error:
                self.asks_fold = error.code == "overlap"
                blame = {"overlap": "fold", "gap": "time", "soon": "day", "far": "day"}
                self.add_error(blame.get(error.code or "", "day"), error)
        return cleaned

    def list_clock_problems(self) -> list[str]:
        """Why day, time and zone as they are typed make no moment; empty while one is missing."""
        if not self.is_bound or self.moment is not None:
            return []
        if any(self[name].value() in (None, "") for name in ("day", "time")):
            return []
        return [str(error) for name in CLOCK_FIELDS for error in self.errors.get(name, ())]

    def _explain_counting(self) -> None:
        """Say what counting them means; once somebody could pledge on it, it is fixed."""
        field = self.fields["counts_assisted"]
        field.help_text = _(
            "Where nothing can be posted from here, as on X, supporters are told at the moment and "
            "post themselves. Whether they really do is theirs to report, and cannot be proved."
        )
        if self.instance.campaign.first_launch_at is not None:
            field.disabled = True
            field.initial = self.instance.campaign.counts_assisted
            self.initial["counts_assisted"] = field.initial
            field.help_text = _("Fixed since the campaign went public: people agreed to it.")

    def _read_moment(self, day: date, at: time_of_day, *, zone: str, fold: int | None) -> datetime:
        now = database_now()
        self.asks_fold = shows_twice(datetime.combine(day, at, tzinfo=open_zone(zone)))
        moment = read_moment(day, at, zone=zone, now=now, fold=fold)
        lead = settings.REVIEW_LEAD_SECONDS if needs_lead(self.instance, moment=moment) else 0
        return read_moment(day, at, zone=zone, now=now, fold=fold, lead_seconds=lead)

    def split_answers(self) -> tuple[dict[str, Any], dict[str, str]]:
        """Day, time and zone are one answer: kept as the moment, or as they were typed."""
        values, pending = super().split_answers()
        zone = values.pop("zone", None)
        if self.moment is not None and zone is not None:
            return {**values, "zone": zone, "launch_at": self.moment}, pending
        typed = {name: self.data.get(self.add_prefix(name), "") for name in CLOCK_FIELDS}
        if not typed["day"].strip() and not typed["time"].strip():
            values["launch_at"] = None
        pending.update({name: text[:100] for name, text in typed.items() if text.strip()})
        return values, pending


def read_clock(revision: Revision) -> dict[str, Any]:
    """Day, time and (where clocks show it twice) fold of a revision's moment, for its form."""
    local = revision.local_launch_at
    if local is None:
        return {}
    shown = "%H:%M:%S" if local.second else "%H:%M"
    clock: dict[str, Any] = {"day": local.date(), "time": local.strftime(shown)}
    if shows_twice(local):
        clock["fold"] = str(local.fold)
    return clock
