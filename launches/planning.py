"""Make the launch of a campaign whose moment is near, and a delivery for every live pledge."""

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Max, Q, QuerySet

from campaigns.models import Campaign, CampaignState
from launches import canary
from launches.models import Launch, LaunchKind, LaunchState
from supporters.models import Pledge, PledgeState

NEAR_SECONDS = 60
ARM_SECONDS = 30

# A delivery that was armed and whose pledge was withdrawn meanwhile is taken over by the pledge
# that the same account made since: one account, one delivery, and nobody pledged is forgotten. Also
# where its owner was erased, and came again. What was made ready of the older one is left, since it
# says the older one's words.
ARM = """
INSERT INTO launches_delivery (
    launch_id, pledge_id, account_fingerprint, network, host, state, text, language,
    attempt, tries, is_uncertain, remote_id, permalink, other_remote_id, reason, reason_facts
)
SELECT %s, pledge.id, pledge.fingerprint, pledge.network, pledge.host, 'planned', '', '',
    0, 0, FALSE, '', '', '', '', '{}'
FROM supporters_pledge AS pledge
WHERE pledge.campaign_id = %s AND pledge.state = 'live' AND pledge.id > %s
ORDER BY pledge.id
ON CONFLICT (launch_id, account_fingerprint) DO UPDATE
SET pledge_id = excluded.pledge_id, host = excluded.host, state = 'planned', reason = '',
    prepared = '', lease_until = NULL, erased_at = NULL
WHERE launches_delivery.attempt = 0
    AND launches_delivery.state IN ('planned', 'withdrawn')
    AND COALESCE(launches_delivery.pledge_id, 0) <> excluded.pledge_id
"""


def create_launches(now: datetime) -> int:
    """One launch for each scheduled campaign whose moment is near or past. Gives how many.

    One that is cancelled gets its launch too when people had pledged for it: that is how they are
    told, and how the suspended ones are ended when their time is over.

    Two ticks at once make one: the partial unique constraint decides, and losing is no error.
    """
    near = Campaign.objects.filter(
        Q(
            state__in=[CampaignState.SCHEDULED, CampaignState.SUSPENDED],
            launch_at__lte=now + timedelta(seconds=NEAR_SECONDS),
        )
        | Q(state=CampaignState.CANCELLED, pledges__state=PledgeState.LIVE)
    ).exclude(launches__kind=LaunchKind.REAL)
    made = [
        Launch(
            campaign=campaign,
            launch_at=campaign.launch_at,
            latest_at=campaign.latest_at,
            threshold=campaign.threshold,
        )
        for campaign in near.distinct()
        if campaign.launch_at is not None and campaign.latest_at is not None
    ]
    Launch.objects.bulk_create(made, ignore_conflicts=True)
    return len(made)


def insert_deliveries(launch: Launch) -> int:
    """Plan a delivery for every live pledge that has none yet; give how many.

    The campaign's row is locked: nobody is in the middle of a pledge, so whoever pledges from here
    on gets a higher key than ``armed_to``, and only those are to be looked at the next time.
    """
    newest = Pledge.objects.aggregate(key=Max("pk"))["key"] or 0
    with connection.cursor() as cursor:
        cursor.execute(ARM, [launch.pk, launch.campaign_id, launch.armed_to])
        armed = int(cursor.rowcount)
    launch.armed_to = max(launch.armed_to, newest)
    launch.save(update_fields=["armed_to"])
    return armed


def armable(now: datetime) -> QuerySet[Launch]:
    """Launches to arm, or to arm again for those who pledged since."""
    return Launch.objects.filter(
        state__in=[LaunchState.SCHEDULED, LaunchState.ARMED],
        launch_at__lte=now + timedelta(seconds=ARM_SECONDS),
        launch_at__gt=now,
    )


def arm_launches(now: datetime) -> int:
    """From T-30 s: plan the deliveries, again and again until the moment. Gives how many."""
    armed = 0
    for launch in armable(now):
        with transaction.atomic():
            # Locked as by ignition: the campaign's row first, then the launch's.
            campaign = Campaign.objects.lock(launch.campaign_id)
            if campaign.state != CampaignState.SCHEDULED or campaign.launch_at != launch.launch_at:
                continue
            locked = Launch.objects.select_for_update().get(pk=launch.pk)
            if locked.state in (LaunchState.SCHEDULED, LaunchState.ARMED):
                armed += insert_deliveries(locked)
                Launch.objects.filter(pk=locked.pk).update(state=LaunchState.ARMED)
                canary.choose(locked)
    return armed
