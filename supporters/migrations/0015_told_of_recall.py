"""Whether a pledge's owner read that the organiser can have the post deleted again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("supporters", "0014_fewer_indexes"),
    ]

    operations = [
        migrations.AddField(
            model_name="pledge",
            name="told_of_recall",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
    ]
