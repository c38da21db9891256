"""What organisers and reviewers are told by mail, in the transaction of the fact."""

from accounts.models import User
from campaigns.mailing import queue_mail
from campaigns.models import Campaign, ReviewDecision, Revision


def tell_reviewers(revision: Revision) -> None:
    """A revision waits: every active member of the staff with an address learns of it.

    Its organiser is left out, who may not review it.
    """
    organiser = revision.campaign.organiser
    staff = User.objects.filter(is_staff=True, is_active=True, email__isnull=False)
    for reviewer in staff.exclude(pk=organiser.pk):
        queue_mail(
            reviewer.email or "",
            person=organiser,
            is_to_them=False,
            template="to_review",
            language=reviewer.language,
            context={"revision": revision, "organiser": organiser, "reviewer": reviewer},
        )


def tell_organiser(decision: ReviewDecision) -> None:
    """What an admin decided of the organiser's campaign, and why."""
    campaign: Campaign = decision.revision.campaign
    organiser = campaign.organiser
    if not organiser.email:
        return
    queue_mail(
        organiser.email,
        person=organiser,
        template="reviewed",
        language=organiser.language,
        context={
            "decision": decision,
            "revision": decision.revision,
            "campaign": campaign,
            "organiser": organiser,
        },
    )
