"""When the operators were told that a launch is late, and of how it ended."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("launches", "0005_erased_deliveries"),
    ]

    operations = [
        migrations.AddField(
            model_name="launch",
            name="late_told_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="launch",
            name="ended_told_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
