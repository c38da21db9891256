"""When whoever asked for a recall, and the organiser, were told that it is through."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("launches", "0016_rehearsal"),
    ]

    operations = [
        migrations.AddField(
            model_name="recall",
            name="told_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
