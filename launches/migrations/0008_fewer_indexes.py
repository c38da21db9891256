"""Drop indexes that nobody reads by: a launch writes each of them for each post."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0005_short_links'),
        ('launches', '0007_quick_ignition'),
    ]

    operations = [
        migrations.AlterField(
            model_name='attempt',
            name='delivery',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='attempts', to='launches.delivery'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='launch',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='launches.launch'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='revision',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.revision'),
        ),
    ]
