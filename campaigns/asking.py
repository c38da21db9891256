"""The steps of the wizard, and each step's form with everything that was ever typed into it."""

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from campaigns.forms import StepForm, StoryForm, ThemeForm
from campaigns.models import Revision
from campaigns.timing import MomentForm
from campaigns.voicing import MessageForm

STEP_LABELS = {
    "theme": _("Theme"),
    "story": _("Story"),
    "message": _("Message"),
    "moment": _("Moment and goal"),
    "check": _("Check and send"),
}
STEP_FORMS: dict[str, type[StepForm]] = {
    "theme": ThemeForm,
    "story": StoryForm,
    "message": MessageForm,
    "moment": MomentForm,
}


def open_step(step: str, revision: Revision) -> StepForm:
    """The form of a step with all that was saved; what is wrong is shown with its error."""
    form = STEP_FORMS[step](instance=revision)
    if not form.has_problem():
        return form
    data = QueryDict(mutable=True)
    for name, field in form.fields.items():
        if field.widget.needs_multipart_form:
            continue
        value = revision.pending.get(name, form[name].value())
        if value not in (None, "", False):
            shown = field.widget.format_value(value)
            data[form.add_prefix(name)] = shown[0] if isinstance(shown, list) else str(shown)
    return STEP_FORMS[step](data, instance=revision)
