"""The posts of a launch can be deleted again: who asked, a ledger, and who keeps theirs."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("launches", "0012_owners_words"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="delivery",
            name="kept_at",
            field=models.DateTimeField(
                editable=False, null=True, verbose_name="kept by its owner"
            ),
        ),
        migrations.CreateModel(
            name="Recall",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "asked_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="asked"),
                ),
                ("why", models.CharField(blank=True, max_length=400, verbose_name="reason")),
                ("finished_at", models.DateTimeField(null=True, verbose_name="finished")),
                (
                    "asked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "launch",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="recall",
                        to="launches.launch",
                    ),
                ),
            ],
            options={"verbose_name": "recall", "verbose_name_plural": "recalls"},
        ),
        migrations.CreateModel(
            name="Deletion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "remote_id",
                    models.CharField(blank=True, max_length=400, verbose_name="the network's id"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "To be deleted"),
                            ("claimed", "Being deleted"),
                            ("deleted", "Deleted again"),
                            ("gone", "Was not there any more"),
                            ("kept", "Kept by its owner"),
                            ("by_hand", "Only its owner can delete it"),
                            ("refused", "Its network refused"),
                            ("given_up", "Given up"),
                        ],
                        default="waiting",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("attempt", models.PositiveIntegerField(default=0)),
                ("tries", models.PositiveIntegerField(default=0, verbose_name="tries")),
                ("is_uncertain", models.BooleanField(default=False)),
                ("lease_until", models.DateTimeField(null=True)),
                ("due_at", models.DateTimeField(null=True)),
                (
                    "noted_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="noted"),
                ),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended")),
                ("told_at", models.DateTimeField(null=True, verbose_name="owner told")),
                ("reason", models.TextField(blank=True)),
                ("reason_facts", models.JSONField(blank=True, default=dict)),
                (
                    "delivery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deletions",
                        to="launches.delivery",
                    ),
                ),
                (
                    "recall",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deletions",
                        to="launches.recall",
                    ),
                ),
            ],
            options={
                "verbose_name": "deletion",
                "verbose_name_plural": "deletions",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["waiting", "claimed"])),
                        fields=["due_at"],
                        name="deletion_open",
                    ),
                    models.Index(
                        condition=models.Q(("told_at__isnull", True)),
                        fields=["ended_at"],
                        name="deletion_untold",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("recall", "delivery", "remote_id"), name="deletion_once_a_post"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    *("waiting", "claimed", "deleted", "gone"),
                                    *("kept", "by_hand", "refused", "given_up"),
                                ],
                            )
                        ),
                        name="deletion_state_is_known",
                    ),
                    models.CheckConstraint(
                        condition=~models.Q(("state", "claimed"))
                        | models.Q(("lease_until__isnull", False)),
                        name="claimed_deletion_has_a_lease",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ended_at__isnull", True), ("state__in", ["waiting", "claimed"])
                        )
                        | (
                            ~models.Q(("state__in", ["waiting", "claimed"]))
                            & models.Q(("ended_at__isnull", False))
                        ),
                        name="deletion_ends_once",
                    ),
                    models.CheckConstraint(
                        condition=~models.Q(("state", "waiting")) | ~models.Q(("remote_id", "")),
                        name="waiting_deletion_names_a_post",
                    ),
                    models.CheckConstraint(
                        condition=~models.Q(("state__in", ["deleted", "gone"]))
                        | models.Q(("tries__gte", 1)),
                        name="deleted_post_was_asked_for",
                    ),
                    models.CheckConstraint(
                        condition=~models.Q(("state__in", ["by_hand", "refused", "given_up"]))
                        | ~models.Q(("reason", ""))
                        | models.Q(("remote_id", "")),
                        name="post_that_stays_has_a_reason",
                    ),
                ],
            },
        ),
    ]
