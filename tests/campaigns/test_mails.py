"""Who is told what, in which language."""

import pytest
from django.utils import translation
from post_office.models import STATUS, Email

from campaigns import drafting, reviewing
from campaigns.mailing import queue_mail
from tests.campaigns.conftest import fill
from tests.conftest import make_person


def mails_to(person):
    """Every mail queued for that person, the oldest first."""
    return [mail for mail in Email.objects.order_by("pk") if mail.to == [person.email]]


def test_every_reviewer_learns_of_a_submission_but_its_organiser(written, olive, rae, rex, sam):
    make_person("old@example.org", "Old", is_staff=True, is_active=False)
    drafting.submit(written, by=olive)
    assert len(mails_to(rae)) == len(mails_to(rex)) == 1
    assert Email.objects.count() == 2
    mail = mails_to(rae)[0]
    assert mail.status == STATUS.queued
    assert mail.subject == "To review: Keep the 22:14"
    where = f"http://127.0.0.1:8000/admin/campaigns/campaign/{written.campaign_id}/review/"
    assert where in mail.message
    assert where in mail.html_message


def test_staff_who_organise_are_not_asked_to_review_their_own(rae, rex):
    drafting.submit(fill(drafting.create_campaign(rae), rae), by=rae)
    assert not mails_to(rae)
    assert len(mails_to(rex)) == 1


@pytest.mark.parametrize(
    ("decide", "subject"),
    [
        (reviewing.approve, "“Keep the 22:14” is validated"),
        (reviewing.ask_changes, "“Keep the 22:14”: please change something"),
        (reviewing.reject, "“Keep the 22:14” was not accepted"),
    ],
)
def test_organiser_learns_of_every_decision_with_its_reason(submitted, olive, rae, decide, subject):
    decide(submitted, reviewer=rae, reason="R&D <costs>")
    mail = mails_to(olive)[0]
    assert mail.subject == subject
    assert "R&D <costs>" in mail.message
    assert "R&amp;D &lt;costs&gt;" in mail.html_message
    assert f"http://127.0.0.1:8000/campaigns/{submitted.campaign.uid}/edit/check/" in mail.message


def test_organiser_learns_of_suspension_resumption_and_cancellation(scheduled, olive, rae):
    reviewing.suspend(scheduled, admin=rae, reason="A complaint.")
    reviewing.resume(scheduled, admin=rae, reason="It was settled.")
    reviewing.cancel(scheduled, admin=rae, reason="It was a hoax.")
    assert [mail.subject for mail in mails_to(olive)][1:] == [
        "“Keep the 22:14” is suspended",
        "“Keep the 22:14” goes on",
        "“Keep the 22:14” is cancelled",
    ]


def test_moment_is_told_on_the_campaigns_own_clock(scheduled, olive):
    local = scheduled.approved.local_launch_at
    assert f"at {local:%H:%M} (Europe/Paris)" in mails_to(olive)[0].message


def test_mail_is_written_in_its_readers_language_not_the_reviewers(submitted, olive, rae):
    olive.language = "fr"
    olive.save()
    with translation.override("en"):
        reviewing.approve(submitted, reviewer=rae)
        assert translation.get_language() == "en"
    mail = mails_to(olive)[0]
    assert '<html lang="fr">' in mail.html_message
    local = submitted.local_launch_at
    with translation.override("fr"):
        from django.utils.formats import date_format

        assert date_format(local, "j F Y") in mail.message


def test_refused_decision_sends_nothing(submitted, olive, sam):
    with pytest.raises(Exception, match="staff"):
        reviewing.approve(submitted, reviewer=sam)
    assert not mails_to(olive)


def test_template_tags_in_a_title_are_never_run(draft, olive, rae):
    title = "{% include 'x' %} {{ organiser.password }} {% nonsense"
    revision = drafting.submit(fill(draft, olive, title=title), by=olive)
    reviewing.approve(revision, reviewer=rae)
    assert mails_to(rae)[0].subject == f"To review: {title}"
    assert title in mails_to(olive)[0].message


def test_subject_is_one_line_and_headers_are_kept(olive, submitted, rae):
    revision = submitted
    revision.title = "One\nBcc: all@example.org"
    mail = queue_mail(
        rae.email,
        person=olive,
        is_to_them=False,
        template="to_review",
        language="en",
        context={"revision": revision, "organiser": olive, "reviewer": rae},
        headers={"List-Unsubscribe": "<https://speak.example/stop>"},
    )
    assert "\n" not in mail.subject
    assert mail.headers == {"List-Unsubscribe": "<https://speak.example/stop>"}
    assert mail.email_message().subject == mail.subject
