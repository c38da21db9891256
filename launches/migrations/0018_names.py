"""What fields are called in the admin: words alone, the schema stays as it is."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0009_names'),
        ('launches', '0017_recall_told'),
        ('supporters', '0020_names'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='attempt',
            name='delivery',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='attempts', to='launches.delivery', verbose_name='delivery'),
        ),
        migrations.AlterField(
            model_name='attempt',
            name='ended_at',
            field=models.DateTimeField(verbose_name='ended'),
        ),
        migrations.AlterField(
            model_name='attempt',
            name='number',
            field=models.PositiveIntegerField(verbose_name='number'),
        ),
        migrations.AlterField(
            model_name='attempt',
            name='outcome',
            field=models.CharField(choices=[('sent', 'Sent'), ('found', 'Found there'), ('absent', 'Not there'), ('later', 'To be tried later'), ('failed', 'Refused'), ('unknown', 'No clear answer'), ('expired', 'Worker lost'), ('released', 'To be sent, its owner said')], max_length=10, verbose_name='outcome'),
        ),
        migrations.AlterField(
            model_name='attempt',
            name='started_at',
            field=models.DateTimeField(null=True, verbose_name='began'),
        ),
        migrations.AlterField(
            model_name='deletion',
            name='attempt',
            field=models.PositiveIntegerField(default=0, verbose_name='attempt'),
        ),
        migrations.AlterField(
            model_name='deletion',
            name='delivery',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deletions', to='launches.delivery', verbose_name='delivery'),
        ),
        migrations.AlterField(
            model_name='deletion',
            name='due_at',
            field=models.DateTimeField(null=True, verbose_name='due'),
        ),
        migrations.AlterField(
            model_name='deletion',
            name='is_uncertain',
            field=models.BooleanField(default=False, verbose_name='is uncertain'),
        ),
        migrations.AlterField(
            model_name='deletion',
            name='lease_until',
            field=models.DateTimeField(null=True, verbose_name='lease until'),
        ),
        migrations.AlterField(
            model_name='deletion',
            name='recall',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='deletions', to='launches.recall', verbose_name='recall'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='attempt',
            field=models.PositiveIntegerField(default=0, verbose_name='attempt'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='due_at',
            field=models.DateTimeField(null=True, verbose_name='due'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='first_tried_at',
            field=models.DateTimeField(null=True, verbose_name='first tried'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='is_uncertain',
            field=models.BooleanField(default=False, verbose_name='is uncertain'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='language',
            field=models.CharField(blank=True, max_length=5, verbose_name='language'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='launch',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='launches.launch', verbose_name='launch'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='lease_until',
            field=models.DateTimeField(null=True, verbose_name='lease until'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='other_remote_id',
            field=models.CharField(blank=True, help_text='A second post for the same pledge: an alarm.', max_length=400, verbose_name="the network's other id"),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='pledge',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='deliveries', to='supporters.pledge', verbose_name='pledge'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='revision',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.revision', verbose_name='revision'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='tries',
            field=models.PositiveIntegerField(default=0, verbose_name='tries'),
        ),
        migrations.AlterField(
            model_name='launch',
            name='campaign',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='launches', to='campaigns.campaign', verbose_name='campaign'),
        ),
        migrations.AlterField(
            model_name='launch',
            name='created_at',
            field=models.DateTimeField(default=django.utils.timezone.now, verbose_name='created'),
        ),
        migrations.AlterField(
            model_name='launch',
            name='kind',
            field=models.CharField(choices=[('real', 'Launch'), ('rehearsal', 'Rehearsal')], default='real', max_length=10, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='recall',
            name='asked_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='asked by'),
        ),
        migrations.AlterField(
            model_name='recall',
            name='launch',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='recall', to='launches.launch', verbose_name='launch'),
        ),
    ]
