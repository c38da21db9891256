"""What stands beside a step's form while one types: how it will look, and when it will be."""

from typing import Any

from campaigns.advising import list_hints
from campaigns.clock import database_now
from campaigns.forms import StepForm
from campaigns.models import MOST_WORDINGS, Revision
from campaigns.timing import MomentForm
from campaigns.voicing import MessageForm
from campaigns.zoning import list_clocks


def look_ahead(form: StepForm, revision: Revision) -> dict[str, Any]:
    """What stands beside the form: how it will look."""
    if isinstance(form, MessageForm):
        previews = form.preview_typed()
        return {
            "wordings": previews,
            "lines": form.list_lines(previews),
            "most_wordings": MOST_WORDINGS,
            "revision": revision,
        }
    if isinstance(form, MomentForm):
        return {"revision": revision, **_describe_moment(form, revision)}
    return {"revision": revision}


def _describe_moment(form: MomentForm, revision: Revision) -> dict[str, Any]:
    """What stands in the fields is no moment, or what there is to know of the one that was kept."""
    problems = form.list_clock_problems()
    if problems or revision.launch_at is None:
        return {"clock_problems": problems}
    zone = revision.zone or "UTC"
    return {
        "clocks": list_clocks(revision.launch_at, zone=zone, language=revision.language),
        "hints": list_hints(revision.launch_at, zone=zone, now=database_now()),
    }
