"""The moment itself: one transaction that counts, decides, and lets go or does not."""

from django.db import transaction

from campaigns.clock import database_now
from campaigns.models import Campaign, CampaignState
from launches import canary, installation
from launches.holding import CANCELLED
from launches.lookups import go_by_keys
from launches.models import Delivery, DeliveryState, Launch, LaunchState
from launches.planning import arm_launches, insert_deliveries
from networks.errors import gettext_noop
from supporters.counting import count_turnout
from supporters.models import Pledge, PledgeState

UNDER_THRESHOLD = gettext_noop(
    "The campaign did not reach its minimum of supporters, so nothing was posted."
)
SUSPENDED = gettext_noop("The campaign was suspended, so nothing was posted.")


def ignite(launch_id: int) -> Launch:
    """Decide the launch if its moment has come by the database's clock; give it as it then is.

    The campaign's row is locked first, so that whoever pledges, cancels or reschedules either is
    done before the count or finds it made. Called by any number of workers; one decides.
    """
    with transaction.atomic():
        go_by_keys()
        campaign_id = Launch.objects.values_list("campaign_id", flat=True).get(pk=launch_id)
        campaign = Campaign.objects.lock(campaign_id)
        launch = Launch.objects.select_for_update().get(pk=launch_id)
        is_open = launch.state in (LaunchState.SCHEDULED, LaunchState.ARMED)
        if not is_open or installation.list_differences():
            return launch  # decided, or a copy of the database, which decides nothing
        if campaign.state == CampaignState.CANCELLED:
            return _close(launch, campaign, state=LaunchState.CANCELLED)
        if campaign.launch_at != launch.launch_at or campaign.latest_at != launch.latest_at:
            return _follow(launch, campaign)
        if database_now() < launch.launch_at:
            return launch
        if campaign.state != CampaignState.SCHEDULED:
            return _wait_or_miss(launch, campaign)
        return _decide(launch, campaign)


def warm_up(launch_id: int) -> None:
    """Just before the moment, read what ignition will read: the second time takes half as long."""
    launch = ignite(launch_id)  # it is not time yet, so this decides nothing
    arm_launches(database_now())
    count_turnout(launch.campaign)
    launch.deliveries.count()


def end_cancelled() -> int:
    """End launches whose campaign was called off before the moment. Gives how many."""
    called_off = Launch.objects.filter(
        state__in=[LaunchState.SCHEDULED, LaunchState.ARMED],
        campaign__state=CampaignState.CANCELLED,
    ).values_list("pk", flat=True)
    return len([ignite(launch_id) for launch_id in called_off])


def _follow(launch: Launch, campaign: Campaign) -> Launch:
    """The moment was moved: begin again from the new one.

    Words can change until that one, so what was made ready is left: it says those of now.
    """
    assert campaign.launch_at is not None
    assert campaign.latest_at is not None
    launch.launch_at, launch.latest_at = campaign.launch_at, campaign.latest_at
    launch.state, launch.late_told_at = LaunchState.SCHEDULED, None
    launch.save(update_fields=["launch_at", "latest_at", "state", "late_told_at"])
    launch.deliveries.filter(attempt=0).update(prepared="", lease_until=None)
    return launch


def _close(launch: Launch, campaign: Campaign, *, state: LaunchState) -> Launch:
    """End a launch before its decision; everybody who had pledged is told why."""
    launch.state = state
    launch.finished_at = database_now()
    launch.save(update_fields=["state", "finished_at"])
    _count(launch, campaign)
    _leave_unsent(launch, CANCELLED)
    return launch


def _count(launch: Launch, campaign: Campaign) -> tuple[int, int]:
    """People and pledges, after arming the late and dropping who withdrew before the moment."""
    insert_deliveries(launch)
    withdrawn = Pledge.objects.filter(campaign=campaign, state=PledgeState.WITHDRAWN)
    untried = launch.deliveries.filter(
        state__in=[DeliveryState.PLANNED, DeliveryState.WITHDRAWN], attempt=0
    )
    # One after the other, each by its own index: nearly always there are none.
    for gone in (untried.filter(pledge__in=withdrawn), untried.filter(pledge=None)):
        gone.delete()
    return count_turnout(campaign).people, launch.deliveries.count()


def _decide(launch: Launch, campaign: Campaign) -> Launch:
    launch.people, launch.pledges = _count(launch, campaign)
    launch.threshold = campaign.threshold
    launch.decided_at = database_now()
    enough = launch.threshold is None or launch.people >= launch.threshold
    if enough:
        launch.state = LaunchState.FIRING
        launch.canary_until = canary.find_end(launch, launch.decided_at)
    else:
        launch.state, launch.finished_at = LaunchState.MISSED, launch.decided_at
        _leave_unsent(launch, UNDER_THRESHOLD)
    launch.save()
    if not Campaign.objects.move(campaign, to=CampaignState.LAUNCHED):
        raise AssertionError("the campaign's row is locked: nobody else can have moved it")
    return launch


def _wait_or_miss(launch: Launch, campaign: Campaign) -> Launch:
    """Suspended at its moment: wait for the admin, until the latest time is past."""
    now = database_now()
    if now < launch.latest_at:
        return launch
    launch.people, launch.pledges = _count(launch, campaign)
    launch.decided_at = launch.finished_at = now
    launch.state = LaunchState.MISSED
    _leave_unsent(launch, SUSPENDED)
    launch.save()
    Campaign.objects.move(campaign, to=CampaignState.CANCELLED)
    return launch


def _leave_unsent(launch: Launch, reason: str) -> None:
    Delivery.objects.filter(launch=launch, state=DeliveryState.PLANNED).update(
        state=DeliveryState.NOT_SENT, reason=reason
    )
