"""By which door a supporter came: a word in the link that they followed."""

from django.db import migrations, models


def _door() -> models.CharField:
    return models.CharField(
        blank=True,
        db_default="",
        default="",
        editable=False,
        max_length=32,
        verbose_name="door",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("supporters", "0017_eves"),
    ]

    operations = [
        migrations.AddField(model_name="pledge", name="source", field=_door()),
        migrations.AddField(model_name="assistedpledge", name="source", field=_door()),
        migrations.AddField(model_name="confirmrequest", name="source", field=_door()),
    ]
