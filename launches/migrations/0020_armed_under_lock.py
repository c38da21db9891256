"""A delivery is made while its launch's row is held: checking each for it slows arming."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("launches", "0019_tried")]

    operations = [
        migrations.AlterField(
            model_name="delivery",
            name="launch",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="deliveries",
                to="launches.launch",
                verbose_name="launch",
            ),
        ),
    ]
