"""Rows as the tests need them, made directly: campaigns in any state, linked accounts, pledges.

An account is a real one of the simulator, with a real token, so that what is sent arrives there.
"""

from datetime import timedelta
from urllib.parse import urlsplit

from campaigns.clock import database_now
from campaigns.leading import keep_short_link
from campaigns.models import Campaign, CampaignState, Revision, RevisionState
from campaigns.wording import digest_words
from networks.base import Credentials, Registration
from supporters import vault
from supporters.models import AssistedPledge, KnownServer, LinkedAccount, Pledge


def make_campaign(
    organiser, *, launch_in=3600.0, slug="river", state=CampaignState.SCHEDULED, **facts
):
    """An approved campaign that launches so many seconds from now.

    ``wordings`` are the texts of those after the message.
    """
    launch_at = database_now() + timedelta(seconds=launch_in)
    latest_minutes = facts.pop("latest_minutes", 45)
    wordings = facts.pop("wordings", ())
    campaign = Campaign.objects.create(
        organiser=organiser,
        slug=slug,
        threshold=facts.get("threshold"),
        visibility=facts.get("visibility", "public"),
    )
    revision = Revision.objects.create(
        campaign=campaign,
        state=RevisionState.APPROVED,
        title=facts.get("title", "Let the river run clean"),
        summary="Three barriers would stop the plastic.",
        story="The river runs through **eleven** towns.",
        message=facts.get("message", "Three barriers would stop the plastic before the sea."),
        link=f"https://example.org/{slug}",
        hashtag="cleanriver",
        counts_clicks=facts.get("counts_clicks", False),
        language="en",
        launch_at=launch_at,
        zone="Europe/Paris",
        threshold=facts.get("threshold"),
        latest_minutes=latest_minutes,
    )
    add_wordings(revision, wordings)
    keep_short_link(revision)
    Campaign.objects.filter(pk=campaign.pk).update(
        state=state,
        approved=revision,
        launch_at=launch_at,
        latest_at=launch_at + timedelta(minutes=latest_minutes),
        first_launch_at=launch_at,
    )
    campaign.refresh_from_db()
    return campaign


def add_wordings(revision, texts):
    """Further wordings of a revision, after its message."""
    for position, text in enumerate(texts, start=2):
        revision.wordings.create(position=position, text=text, digest=digest_words(text))


def know_server(instance):
    """The row of a simulated server, as if it had been asked before."""
    url = instance["url"]
    versions = {"mastodon": "4.5.2", "mastodon-4.2": "4.2.10", "gotosocial": "0.20.0+git-sim"}
    known, _ = KnownServer.objects.get_or_create(
        network=instance["network"],
        host=urlsplit(url).netloc,
        defaults={"url": url, "version": versions.get(instance["kind"], "")},
    )
    return known


def link_mastodon(simulator, person, name, *, kind="mastodon", instance=None):
    """Link a person's new account on a simulated Mastodon server."""
    instance = instance or simulator.get_instance(kind)
    known = know_server(instance)
    token = simulator.issue_tokens(
        network="mastodon", instance=urlsplit(instance["url"]).netloc, account=name
    )
    mark = vault.fingerprint(network="mastodon", host=known.host, account_id=str(token["id"]))
    registration = Registration(client_id=token["client_id"], client_secret=token["client_secret"])
    KnownServer.objects.filter(pk=known.pk).update(
        sealed_registration=vault.seal_registration(
            registration, network="mastodon", host=known.host
        )
    )
    credentials = Credentials(
        network="mastodon", account_id=str(token["id"]), access_token=token["access_token"]
    )
    return LinkedAccount.objects.create(
        person=person,
        network="mastodon",
        known_server=known,
        account_id=str(token["id"]),
        fingerprint=mark,
        handle=f"@{name}@{known.host}",
        followers=10,
        sealed_credentials=vault.seal_credentials(credentials, fingerprint=mark),
    )


def make_pledge(campaign, account, *, text=None, wording=1, **facts):
    """A live pledge of an account, in the words of a wording unless others are given."""
    facts.setdefault("told_of_recall", True)
    return Pledge.objects.create(
        campaign=campaign,
        person=account.person,
        account=account,
        fingerprint=account.fingerprint,
        network=account.network,
        host=account.known_server.host,
        revision=campaign.approved,
        text=text or campaign.approved.texts[wording],
        wording=wording,
        language="en",
        agreed_launch_at=campaign.launch_at,
        agreed_latest_at=campaign.latest_at,
        **facts,
    )


def make_promise(campaign, person, *, network="x", text=None, **facts):
    """A live promise of a person to post by their own hand, standing by their own address."""
    facts.setdefault("email", person.email or "")
    return AssistedPledge.objects.create(
        campaign=campaign,
        person=person,
        network=network,
        revision=campaign.approved,
        text=text or campaign.approved.text,
        language="en",
        agreed_launch_at=campaign.launch_at,
        agreed_latest_at=campaign.latest_at,
        agreed_threshold=campaign.threshold,
        **facts,
    )
