"""Marks for mails that were written before there were any, where it is certain whose they are.

- A mail that ends with the address of a review is about that campaign's organiser.
- A mail whose last signed address leads to a person's promises is theirs, if it went to an address
  of theirs: ours comes after all that a campaign or a supporter wrote.
- A mail about pledges is the one person's who ever gave its address here. It names those of their
  accounts whose handles are in it: with a short handle one too many, but nobody else's.

Every other mail stays without a mark; it goes with its confirmed address, or after 90 days.
"""

import re
from collections import defaultdict

from django.core import signing
from django.db import migrations
from django.db.models.functions import Lower

REVIEW = re.compile(r"/campaign/\d+/review/(\d+)/\n\n--\n")
PROMISE = re.compile(r"/promise/([^/\s]+)/$", re.MULTILINE)
ABOUT_PLEDGES = re.compile(r"/me/pledges/$|/campaigns/[^/\s]+/results/$", re.MULTILINE)
AT_ONCE = 500


def mark_mails(apps, schema_editor):
    """One pass over the mails; whoever has a mark keeps it."""
    Email = apps.get_model("post_office", "Email")
    MailMark = apps.get_model("accounts", "MailMark")
    MailTopic = apps.get_model("supporters", "MailTopic")
    owners = list_owners(apps)
    lent = list_accounts(apps)
    organisers = dict(
        apps.get_model("campaigns", "Revision").objects.values_list("pk", "campaign__organiser")
    )
    marks, topics = [], []
    unmarked = Email.objects.exclude(pk__in=MailMark.objects.values("mail"))
    for mail in unmarked.only("pk", "to", "message").order_by("pk").iterator(chunk_size=AT_ONCE):
        people = owners[mail.to[0].lower()] if len(mail.to) == 1 else set()
        text = mail.message.replace("\r\n", "\n")
        if found := REVIEW.search(text):
            organiser = organisers.get(int(found[1]))
            if organiser is not None:
                marks.append(MailMark(mail=mail, person_id=organiser, is_to_them=False))
        elif (promiser := read_promiser(text)) is not None:
            if promiser in people:
                marks.append(MailMark(mail=mail, person_id=promiser))
        elif len(people) == 1 and ABOUT_PLEDGES.search(text):
            (person,) = people
            named = [pk for pk, handle in lent[person] if handle in mail.message]
            if named:
                marks.append(MailMark(mail=mail, person_id=person))
                topics += [MailTopic(mail=mail, account_id=pk) for pk in named]
    MailMark.objects.bulk_create(marks, batch_size=AT_ONCE)
    MailTopic.objects.bulk_create(topics, batch_size=AT_ONCE)


def list_owners(apps):
    """Who gave an address here, in lower case: confirmed or not, for a receipt, with a promise."""
    owners = defaultdict(set)
    for app, model, email, person in (
        ("accounts", "User", "email", "pk"),
        ("account", "EmailAddress", "email", "user"),
        ("supporters", "Pledge", "receipt_email", "person"),
        ("supporters", "AssistedPledge", "email", "person"),
    ):
        rows = apps.get_model(app, model).objects.exclude(**{email: None}).exclude(**{email: ""})
        for address, key in rows.values_list(Lower(email), person).distinct():
            owners[address].add(key)
    return owners


def list_accounts(apps):
    """Each person's accounts that were ever lent, with their handles."""
    lent = defaultdict(set)
    pledges = apps.get_model("supporters", "Pledge").objects
    for person, account, handle in pledges.values_list("person", "account", "account__handle"):
        lent[person].add((account, handle))
    return lent


def read_promiser(text):
    """Whose promises the last signed address in a mail leads to; None where there is none."""
    signer = signing.Signer(salt="supporters.promise")
    for token in reversed(PROMISE.findall(text)):
        try:
            _campaign, person = signer.unsign_object(token)
        except (signing.BadSignature, ValueError):
            continue
        return person
    return None


class Migration(migrations.Migration):

    dependencies = [
        ("account", "0009_emailaddress_unique_primary_email"),
        ("accounts", "0003_mail_marks"),
        ("campaigns", "0005_short_links"),
        ("post_office", "0014_alter_email_recipient_delivery_status_and_more"),
        ("supporters", "0010_mail_topics"),
    ]

    operations = [migrations.RunPython(mark_mails, migrations.RunPython.noop)]
