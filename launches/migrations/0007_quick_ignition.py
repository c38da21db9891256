from django.db import migrations, models


class Migration(migrations.Migration):
    """What ignition and claims find at once, however many pledges there are."""

    dependencies = [("launches", "0006_operators_told")]

    operations = [
        migrations.AddField(
            model_name="launch",
            name="armed_to",
            field=models.BigIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                name="delivery_planned",
                fields=["launch", "id"],
                condition=models.Q(("state", "planned")),
            ),
        ),
    ]
