"""What a mail is about.

An old process writes none, and needs none. Where it deletes a mail, a request or a reminder that a
new process noted a topic of, the database refuses; it is deleted at the next try by a new one.
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('post_office', '0014_alter_email_recipient_delivery_status_and_more'),
        ('supporters', '0009_erasure_requests'),
    ]

    operations = [
        migrations.CreateModel(
            name='MailTopic',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='supporters.linkedaccount')),
                ('mail', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='post_office.email')),
                ('reminder', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='supporters.reminder')),
                ('request', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='supporters.confirmrequest')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('account__isnull', False), ('reminder__isnull', True), ('request__isnull', True)), models.Q(('account__isnull', True), ('reminder__isnull', True), ('request__isnull', False)), models.Q(('account__isnull', True), ('reminder__isnull', False), ('request__isnull', True)), _connector='OR'), name='mail_topic_is_one_thing')],
            },
        ),
    ]
