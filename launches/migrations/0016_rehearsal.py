"""A launch tried out at the simulator, in rows of its own."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0005_short_links'),
        ('launches', '0015_fewer_checks'),
        ('supporters', '0014_fewer_indexes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Rehearsal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('asked', 'About to begin'), ('preparing', 'Being prepared'), ('running', 'Under way'), ('finished', 'Finished'), ('stopped', 'Stopped')], default='asked', max_length=10)),
                ('on_stage', models.BooleanField(editable=False, null=True, unique=True)),
                ('places', models.JSONField(default=dict, editable=False)),
                ('asked_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('alive_until', models.DateTimeField(editable=False, null=True)),
                ('launch_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('people', models.PositiveIntegerField(null=True)),
                ('threshold', models.PositiveIntegerField(null=True)),
                ('why', models.TextField(blank=True)),
                ('asked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rehearsals', to='campaigns.campaign')),
            ],
            options={
                'verbose_name': 'rehearsal',
                'verbose_name_plural': 'rehearsals',
            },
        ),
        migrations.CreateModel(
            name='RehearsedPost',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('network', models.CharField(max_length=20)),
                ('host', models.CharField(max_length=260)),
                ('place', models.CharField(blank=True, max_length=260)),
                ('credentials', models.JSONField(default=dict, editable=False)),
                ('text', models.TextField()),
                ('language', models.CharField(max_length=5)),
                ('state', models.CharField(choices=[('planned', 'Planned'), ('claimed', 'Being sent'), ('waiting', 'Waiting'), ('sent', 'Sent'), ('failed', 'Failed'), ('unknown', 'Being looked up'), ('unconfirmed', 'Not confirmed'), ('not_sent', 'Not sent')], default='planned', max_length=12)),
                ('attempt', models.PositiveIntegerField(default=0)),
                ('tries', models.PositiveIntegerField(default=0)),
                ('lease_until', models.DateTimeField(null=True)),
                ('due_at', models.DateTimeField(null=True)),
                ('prepared', models.TextField(blank=True)),
                ('first_tried_at', models.DateTimeField(null=True)),
                ('is_uncertain', models.BooleanField(default=False)),
                ('answered_at', models.DateTimeField(null=True)),
                ('reason', models.TextField(blank=True)),
                ('reason_facts', models.JSONField(blank=True, default=dict)),
                ('pledge', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rehearsed', to='supporters.pledge')),
                ('rehearsal', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='posts', to='launches.rehearsal')),
            ],
            options={
                'verbose_name': 'rehearsed post',
                'verbose_name_plural': 'rehearsed posts',
            },
        ),
        migrations.AddConstraint(
            model_name='rehearsal',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['asked', 'preparing', 'running'])), fields=('campaign',), name='one_open_rehearsal_per_campaign'),
        ),
        migrations.AddConstraint(
            model_name='rehearsal',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['asked', 'preparing', 'running', 'finished', 'stopped'])), name='rehearsal_state_is_known'),
        ),
        migrations.AddConstraint(
            model_name='rehearsal',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('on_stage', True), ('state__in', ['preparing', 'running'])), models.Q(('on_stage__isnull', True), ('state__in', ['asked', 'finished', 'stopped'])), _connector='OR'), name='rehearsal_on_stage_is_under_way'),
        ),
        migrations.AddConstraint(
            model_name='rehearsal',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'running'), _negated=True), ('launch_at__isnull', False), _connector='OR'), name='running_rehearsal_has_a_moment'),
        ),
        migrations.AddIndex(
            model_name='rehearsedpost',
            index=models.Index(fields=['rehearsal', 'state', 'id'], name='rehearsed_post_state'),
        ),
        migrations.AddConstraint(
            model_name='rehearsedpost',
            constraint=models.UniqueConstraint(fields=('rehearsal', 'pledge'), name='pledge_rehearsed_once'),
        ),
        migrations.AddConstraint(
            model_name='rehearsedpost',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['planned', 'claimed', 'waiting', 'sent', 'failed', 'unknown', 'unconfirmed', 'not_sent'])), name='rehearsed_state_is_known'),
        ),
        migrations.AddConstraint(
            model_name='rehearsedpost',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'claimed'), _negated=True), ('lease_until__isnull', False), _connector='OR'), name='claimed_rehearsed_post_has_a_lease'),
        ),
    ]
