"""``manage.py recall_launch``: the posts of one launch are deleted again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from campaigns.models import Campaign
from launches.management.commands._confirming import confirm
from launches.recalling import RecallRefused, can_be_recalled, recall
from launches.recalls import find_recall
from launches.recounting import foresee, summarise_recall
from launches.results import find_launch


class Command(BaseCommand):
    """Recalls a launch as its operator, or says how far its recall is."""

    help = (
        "Have the posts of a campaign's launch deleted again, where their networks allow it. What "
        "has not left is not sent any more. Run it again to see how far it is."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("campaign", help="The campaign's name in its address.")
        parser.add_argument("--reason", default="", help="What the posts' owners read.")
        parser.add_argument("--yes", action="store_true", help="Do not ask.")

    def handle(self, *args: Any, **options: Any) -> None:
        campaign = Campaign.objects.filter(slug=options["campaign"]).first()
        launch = find_launch(campaign) if campaign else None
        if launch is None or not can_be_recalled(launch):
            raise CommandError("No launch of that campaign has posted anything.")
        made = find_recall(launch)
        if made is None:
            will = foresee(launch)
            confirm(
                f"Delete {will.deletable} of {will.posts} posts? It cannot be undone.",
                yes=options["yes"],
            )
            try:
                recall(launch, by=None, why=options["reason"])
            except RecallRefused as error:
                raise CommandError(error.sentence) from None
            made = find_recall(launch)
            assert made is not None, "it was recalled just now"
        told = summarise_recall(made)
        self.stdout.write(
            f"Recalled at {made.asked_at:%Y-%m-%d %H:%M} UTC, of {told.total} posts: "
            f"{told.deleted} deleted, {told.gone} gone before, {told.waiting} waiting, "
            f"{told.kept} kept by their owners, {told.left} not deletable."
        )
