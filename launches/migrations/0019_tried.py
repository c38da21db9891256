"""Whether anything waits to be looked up or tried again is asked at every claim."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("launches", "0018_names")]

    operations = [
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state__in", ["unknown", "waiting"])),
                fields=["launch"],
                name="delivery_tried",
            ),
        ),
    ]
