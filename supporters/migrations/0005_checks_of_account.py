from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("supporters", "0004_own_words"),
    ]

    operations = [
        migrations.AddField(
            model_name="knownserver",
            name="rests_until",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="linkedaccount",
            name="refused_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="refused"),
        ),
        migrations.AddField(
            model_name="linkedaccount",
            name="busy_until",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="linkedaccount",
            name="ends_at",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="authorisation ends"
            ),
        ),
        migrations.AddField(
            model_name="linkedaccount",
            name="asked_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="asked to renew"),
        ),
    ]
