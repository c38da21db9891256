"""What fields are called in the admin: words alone, the schema stays as it is."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0008_reports'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='campaign',
            name='visibility',
            field=models.CharField(choices=[('public', 'Listed: anyone can find it here'), ('unlisted', 'Unlisted: only people with its address see it')], default='public', max_length=10, verbose_name='visibility'),
        ),
        migrations.AlterField(
            model_name='campaignreport',
            name='campaign',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reports', to='campaigns.campaign', verbose_name='campaign'),
        ),
        migrations.AlterField(
            model_name='campaignupdate',
            name='campaign',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='updates', to='campaigns.campaign', verbose_name='campaign'),
        ),
        migrations.AlterField(
            model_name='reviewdecision',
            name='reviewer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='reviewer'),
        ),
        migrations.AlterField(
            model_name='reviewdecision',
            name='revision',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='decisions', to='campaigns.revision', verbose_name='revision'),
        ),
        migrations.AlterField(
            model_name='revision',
            name='campaign',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='revisions', to='campaigns.campaign', verbose_name='campaign'),
        ),
        migrations.AlterField(
            model_name='shortlink',
            name='campaign',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='short_links', to='campaigns.campaign', verbose_name='campaign'),
        ),
    ]
