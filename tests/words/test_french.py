"""The site in French: a few real sentences of each page and mail, with dates and numbers."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation
from post_office.models import Email

from accounts.models import User
from campaigns import reviewing
from campaigns.models import Campaign
from launches.ticking import tick
from pages.drawing import draw_crowd
from supporters.mails import tell_of_changes
from tests.campaigns.conftest import draft, submitted, written
from tests.making import make_campaign, make_pledge
from tests.pages.conftest import read
from tests.pages.showcasing import decide, lend, write
from tests.supporters.test_mails import move
from tests.supporters.test_pledging import make_account

__all__ = ["draft", "read", "submitted", "written"]

pytestmark = pytest.mark.django_db

SPACE, NARROW = "\u00a0", "\u202f"
MOMENT = datetime(2035, 12, 3, 17, 30, tzinfo=UTC)


@pytest.fixture
def french(client):
    """A browser that asks for French."""
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "fr"
    return client


@pytest.fixture
def campaign(olive):
    made = make_campaign(olive, launch_in=86_400, threshold=1284)
    late = {"launch_at": MOMENT, "latest_at": MOMENT + timedelta(minutes=45)}
    Campaign.objects.filter(pk=made.pk).update(**late)
    made.revisions.update(launch_at=MOMENT)
    made.refresh_from_db()
    return made


def plain(text):
    """A text with ordinary spaces, as ``read`` gives a page's."""
    return text.replace(SPACE, " ").replace(NARROW, " ")


def test_home_in_french(french, read):
    words = read("/")
    assert "Mille personnes. La même seconde." in words
    assert "Jamais deux fois." in words


def test_a_campaign_in_french(french, read, campaign):
    words = read("/campaigns/river/")
    assert "0 soutien pour 1 284 nécessaires" in words
    assert "Lundi 3 décembre 2035 à 18 h 30, heure de Paris" in words
    assert "Une campagne proposée par Olive" in words
    assert "Let the river run clean" in words


def test_a_campaign_s_own_words_are_marked_with_their_language(french, campaign):
    html = french.get("/campaigns/river/").content.decode()
    assert f"pour 1{NARROW}284 nécessaires" in html
    assert '<html lang="fr">' in html
    assert '<h1 lang="en" dir="auto">Let the river run clean</h1>' in html
    assert '<div class="stack" lang="en" dir="auto"><p>The river runs through' in html


def test_the_support_steps_in_french(french, read, campaign):
    words = read("/campaigns/river/support/")
    assert "Quel compte prêtez-vous ?" in words
    assert "Seulement si 1 284 personnes ont prêté un compte" in words
    assert "Me le rappeler simplement" in words


def test_the_desk_and_the_wizard_in_the_organiser_s_french(client, read, olive):
    olive.language = "fr"
    olive.save()
    draft = write(olive, title="Plus tard")
    client.force_login(olive)
    words = read("/desk/")
    assert "0 personne" in words
    assert "Il manque encore" in words
    answer = client.post(f"/campaigns/{draft.uid}/edit/moment/", {"day": "2020-01-05", "time": ""})
    assert "Choisissez l’heure." in answer.content.decode()


def test_the_launch_room_in_french(french, read, olive):
    campaign = make_campaign(olive, launch_in=-2)
    decide(campaign, "firing", pledges=[lend(campaign)], outcomes=["planned"])
    assert "En attente1 Échec0 Non confirmé0" in read("/campaigns/river/launch/")


def test_the_results_in_french(french, read, olive):
    campaign = make_campaign(olive, launch_in=-7200)
    pledges = [lend(campaign) for _ in range(2)]
    decide(campaign, "finished", pledges=pledges, outcomes=["sent", "sent"])
    words = read("/campaigns/river/results/")
    assert "2 voix. Le tout en 0,25 s." in words


def test_pages_that_are_not_there_say_so_in_french(french, read):
    assert "une coquille s’est glissée dans l’adresse" in read("/nowhere/", status=404)


def test_signing_in_is_french_where_the_words_are_allauth_s_own(french):
    facts = {"login": "nobody@example.org", "password": "wrong"}
    words = french.post("/account/login/", facts).content.decode()
    assert "sont incorrects" in words
    words = french.post("/account/login/", {"login": "nobody"}).content.decode()
    assert f"E-mail{SPACE}: Saisissez une adresse e-mail valide." in words


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 soutien."), (1, "1 soutien."), (2, "2 soutiens.")]
)
def test_none_is_singular_in_french(number, said):
    with translation.override("fr"):
        assert said in str(draw_crowd(number))


def test_a_mail_is_written_in_french_with_french_dates(campaign, sam):
    make_pledge(campaign, make_account(sam), receipt_email="s@example.org", receipt_language="fr")
    move(campaign, hours=1)
    tell_of_changes()
    mail = Email.objects.get()
    assert plain(mail.subject) == "Le lancement est déplacé : Let the river run clean"
    assert "partira désormais le 3 décembre 2035 à 19 h 30 (Europe/Paris)" in plain(mail.message)
    assert '<html lang="fr">' in mail.html_message


def test_a_worker_leaves_no_language_for_the_next_mail(campaign):
    """A worker's thread answers no request: it has no language but the one of each mail."""
    for name, language in (
        ("Anne", "fr"),
        ("Bob", "en"),
        ("Chris", "fr"),
        ("Dan", "en"),
        ("Eve", "fr"),
    ):
        person = User.objects.create_user(f"{name}@example.org", name=name, language=language)
        make_pledge(campaign, make_account(person, name))
    move(campaign, hours=1)
    tick([].append)
    subjects = {mail.to[0][0]: mail.subject[:6] for mail in Email.objects.all()}
    assert subjects == {"A": "Le lan", "B": "The mo", "C": "Le lan", "D": "The mo", "E": "Le lan"}
    assert translation.get_language() == "en"


def test_an_organiser_reads_of_the_decision_in_french(submitted, olive, rae):
    olive.language = "fr"
    olive.save()
    reviewing.approve(submitted, reviewer=rae, reason="Good.")
    mail = Email.objects.order_by("-pk").first()
    assert plain(mail.subject) == "« Keep the 22:14 » est approuvée"
