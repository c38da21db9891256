"""The marks of the reminders that are there, as ``addressing.mark_address`` makes them."""

from django.db import migrations
from django.utils.crypto import salted_hmac


def mark_reminders(apps, schema_editor):
    """Each by itself, so that the old code can go on meanwhile."""
    Reminder = apps.get_model("supporters", "Reminder")
    waiting = Reminder.objects.filter(mark="").order_by("pk")
    for pk, email in list(waiting.values_list("pk", "email")):
        mark = salted_hmac("supporters.reminder", email.lower(), algorithm="sha256")
        Reminder.objects.filter(pk=pk).update(mark=mark.hexdigest())


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("supporters", "0012_mark_of_reminder")]

    operations = [migrations.RunPython(mark_reminders, migrations.RunPython.noop)]
