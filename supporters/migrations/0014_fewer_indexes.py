"""Drop indexes that nobody reads by: a launch writes each of them for each post."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0005_short_links'),
        ('supporters', '0013_mark_reminders'),
    ]

    operations = [
        migrations.AlterField(
            model_name='assistedpledge',
            name='revision',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.revision'),
        ),
        migrations.AlterField(
            model_name='assistedpledge',
            name='settled_for',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='campaigns.revision'),
        ),
        migrations.AlterField(
            model_name='assistedpledge',
            name='told_of',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='campaigns.revision'),
        ),
        migrations.AlterField(
            model_name='pledge',
            name='campaign',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='pledges', to='campaigns.campaign'),
        ),
        migrations.AlterField(
            model_name='pledge',
            name='revision',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.revision'),
        ),
        migrations.AlterField(
            model_name='pledge',
            name='settled_for',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='campaigns.revision'),
        ),
        migrations.AlterField(
            model_name='pledge',
            name='told_of',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='campaigns.revision'),
        ),
    ]
