"""Hold, resume and cancel one launch; each is compare-and-set, so that pressing twice is harmless.

Workers read the launch's state at least every 250 ms before they start a request.
"""

from django.db import transaction

from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import Campaign, CampaignState
from launches import installation
from launches.models import ASKED, Delivery, DeliveryState, Launch, LaunchState
from launches.operators import is_operator, tell_held
from launches.planning import insert_deliveries
from networks.errors import gettext_noop

CANCELLED = gettext_noop("The launch was cancelled before this could be posted.")


def may_control(person: object, launch: Launch) -> bool:
    """Whether this person may hold, resume and cancel it."""
    return may_steer(person, launch.campaign)


def may_steer(person: object, campaign: Campaign) -> bool:
    """The organiser of the campaign, and admins; before it has a launch as well."""
    if not isinstance(person, User) or not person.is_active:
        return False
    return person.pk == campaign.organiser_id or is_operator(person)


def hold(launch: Launch, *, why: str = "") -> bool:
    """Stop a firing launch. False: there was nothing to stop.

    ``why`` is for what the site holds by itself, a sentence to be translated: the operators get a
    mail with it. Who presses while the launch is just being decided, or let go on by somebody
    else, is in time: the row is waited for, and then it stops.
    """
    with transaction.atomic():
        Launch.objects.select_for_update(no_key=True).filter(pk=launch.pk).exists()
        held = Launch.objects.filter(pk=launch.pk, state=LaunchState.FIRING).update(
            state=LaunchState.HELD, held_at=database_now(), held_why=why[:240]
        )
        if held and why:
            tell_held(launch.pk)
    return bool(held)


def resume(launch: Launch) -> bool:
    """Let a held launch go on.

    False: it was not held, this is a copy of its database, or it waits for its operator's answer
    (``asking``).
    """
    if installation.list_differences():
        return False
    return bool(
        Launch.objects.filter(pk=launch.pk, state=LaunchState.HELD)
        .exclude(held_why=ASKED)
        .update(state=LaunchState.FIRING, held_at=None, held_why="")
    )


def cancel(launch: Launch) -> bool:
    """End a launch: what was not begun is not sent; what is under way is still recorded.

    Before the moment it cancels the campaign with it. False: it was over already.
    """
    with transaction.atomic():
        campaign = Campaign.objects.lock(launch.campaign_id)
        now = database_now()
        ended = Launch.objects.filter(
            pk=launch.pk,
            state__in=[
                LaunchState.SCHEDULED,
                LaunchState.ARMED,
                LaunchState.FIRING,
                LaunchState.HELD,
            ],
        ).update(state=LaunchState.CANCELLED, finished_at=now)
        if not ended:
            return False
        if campaign.state in (CampaignState.SCHEDULED, CampaignState.SUSPENDED):
            Campaign.objects.move(campaign, to=CampaignState.CANCELLED)
        if launch.decided_at is None:
            insert_deliveries(launch)  # so that everybody who pledged is told
        Delivery.objects.filter(launch=launch, state=DeliveryState.PLANNED).update(
            state=DeliveryState.NOT_SENT, reason=CANCELLED
        )
    return True
