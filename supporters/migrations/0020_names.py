"""What fields are called in the admin: words alone, the schema stays as it is."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0009_names'),
        ('supporters', '0019_ask_mail'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='assistedpledge',
            name='agreed_threshold',
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name='goal it was pledged for'),
        ),
        migrations.AlterField(
            model_name='assistedpledge',
            name='campaign',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='assisted_pledges', to='campaigns.campaign', verbose_name='campaign'),
        ),
        migrations.AlterField(
            model_name='assistedpledge',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='assisted_pledges', to=settings.AUTH_USER_MODEL, verbose_name='whose it is'),
        ),
        migrations.AlterField(
            model_name='assistedpledge',
            name='revision',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.revision', verbose_name='revision'),
        ),
        migrations.AlterField(
            model_name='linkedaccount',
            name='known_server',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='accounts', to='supporters.knownserver', verbose_name='server'),
        ),
        migrations.AlterField(
            model_name='linkedaccount',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='linked_accounts', to=settings.AUTH_USER_MODEL, verbose_name='whose it is'),
        ),
        migrations.AlterField(
            model_name='pledge',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='pledges', to='supporters.linkedaccount', verbose_name='account'),
        ),
        migrations.AlterField(
            model_name='pledge',
            name='agreed_threshold',
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name='goal it was pledged for'),
        ),
        migrations.AlterField(
            model_name='pledge',
            name='campaign',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='pledges', to='campaigns.campaign', verbose_name='campaign'),
        ),
        migrations.AlterField(
            model_name='pledge',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='pledges', to=settings.AUTH_USER_MODEL, verbose_name='whose it is'),
        ),
        migrations.AlterField(
            model_name='pledge',
            name='revision',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.revision', verbose_name='revision'),
        ),
        migrations.AlterField(
            model_name='reminder',
            name='campaign',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reminders', to='campaigns.campaign', verbose_name='campaign'),
        ),
        migrations.AlterField(
            model_name='reminder',
            name='language',
            field=models.CharField(choices=[('en', 'English'), ('fr', 'Français')], default='en', max_length=5, verbose_name='language'),
        ),
    ]
