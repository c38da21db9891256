"""What its owner says of a post that nobody can prove: it is there, or send it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("launches", "0011_canary"),
    ]

    operations = [
        migrations.AddField(
            model_name="delivery",
            name="owner_said_at",
            field=models.DateTimeField(null=True, verbose_name="its owner says that it is there"),
        ),
        migrations.AddField(
            model_name="delivery",
            name="owner_said_url",
            field=models.URLField(blank=True, db_default="", editable=False, max_length=600),
        ),
        migrations.AddField(
            model_name="delivery",
            name="released_attempt",
            field=models.PositiveIntegerField(editable=False, null=True),
        ),
        migrations.AlterField(
            model_name="attempt",
            name="outcome",
            field=models.CharField(
                choices=[
                    ("sent", "Sent"),
                    ("found", "Found there"),
                    ("absent", "Not there"),
                    ("later", "To be tried later"),
                    ("failed", "Refused"),
                    ("unknown", "No clear answer"),
                    ("expired", "Worker lost"),
                    ("released", "To be sent, its owner said"),
                ],
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(("owner_said_url", ""))
                | models.Q(("owner_said_at__isnull", False)),
                name="owner_says_where_it_is_there",
            ),
        ),
        # Apart from "erased_delivery_tells_nothing", which the code of before knows and keeps.
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(("erased_at__isnull", True))
                | models.Q(("owner_said_url", "")),
                name="erased_delivery_says_nowhere",
            ),
        ),
    ]
