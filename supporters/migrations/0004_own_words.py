"""Which pledges are in their owners' own words, among those made before that was noted."""

from django.db import migrations

from campaigns.wording import compose

AT_ONCE = 500


def note_own_words(apps, schema_editor):
    pledges = apps.get_model("supporters", "Pledge").objects.using(schema_editor.connection.alias)
    own = []
    for pledge in pledges.select_related("revision").iterator(chunk_size=AT_ONCE):
        revision = pledge.revision
        if pledge.text != compose(
            revision.message, link=revision.link, hashtag=revision.hashtag
        ):
            own.append(pledge.pk)
        if len(own) == AT_ONCE:
            pledges.filter(pk__in=own).update(has_own_words=True)
            own = []
    pledges.filter(pk__in=own).update(has_own_words=True)


class Migration(migrations.Migration):

    dependencies = [
        ("supporters", "0003_wordings"),
    ]

    operations = [
        migrations.RunPython(note_own_words, migrations.RunPython.noop, elidable=True),
    ]
