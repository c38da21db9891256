"""The seventeen themes to begin with; the admin edits them afterwards."""

from django.db import migrations

THEMES = [
    ("environment", "Environment", "Environnement"),
    ("health", "Health", "Santé"),
    ("education", "Education", "Éducation"),
    ("culture", "Culture", "Culture"),
    ("human-rights", "Human rights", "Droits humains"),
    ("equality", "Equality", "Égalité"),
    ("solidarity", "Solidarity", "Solidarité"),
    ("peace", "Peace", "Paix"),
    ("democracy", "Democracy", "Démocratie"),
    ("public-services", "Public services", "Services publics"),
    ("local-life", "Local life", "Vie locale"),
    ("housing", "Housing", "Logement"),
    ("work", "Work", "Travail"),
    ("young-people", "Children and young people", "Enfance et jeunesse"),
    ("animals", "Animals", "Animaux"),
    ("sport", "Sport", "Sport"),
    ("science", "Science and technology", "Sciences et techniques"),
]


def add_themes(apps, schema_editor):
    Theme = apps.get_model("campaigns", "Theme")
    for position, (slug, name_en, name_fr) in enumerate(THEMES, start=1):
        Theme.objects.get_or_create(
            slug=slug, defaults={"name_en": name_en, "name_fr": name_fr, "position": position}
        )


def remove_themes(apps, schema_editor):
    Theme = apps.get_model("campaigns", "Theme")
    Theme.objects.filter(slug__in=[slug for slug, _, _ in THEMES], revision=None).delete()


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0001_initial")]

    operations = [migrations.RunPython(add_themes, remove_themes)]
