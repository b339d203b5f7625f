from datetime import timedelta

from django.test import override_settings
from django.urls import reverse
from django.utils import timezone

from billing import mails
from billing.domain.reconciling import deeds, nightly
from billing.models import Finding, Reconciliation
from common import dates
from common.errors import PermanentFailure
from mailroom.declare import MailNotNeeded
from mailroom.models import Message
from mailroom.testing import send_all
from outbox.models import Delivery
from outbox.testing import run_all
from tests.billing.reconciling import YESTERDAY, ReconcilingTestCase
from tests.billing.scripted import Scripted


class NightlyTest(ReconcilingTestCase):
    def night(self) -> None:
        Reconciliation.objects.create(since=self.today - YESTERDAY, until=self.today - YESTERDAY, cut=timezone.now())
        nightly.start_nightly_run()
        run_all()

    def digests(self) -> list[str]:
        return list(Message.objects.filter(template="billing.differences").values_list("to", flat=True))

    def test_nothing_is_mailed_when_everything_fits(self) -> None:
        self.bought()
        self.night()
        self.assertEqual((self.digests(), Reconciliation.objects.filter(ended_at__isnull=False).count()), ([], 1))

    def test_whoever_may_settle_it_is_told_once_what_is_off(self) -> None:
        self.only_ours()
        self.night()
        nightly.draft_differences_mail(Reconciliation.objects.latest("pk").pk)
        self.assertEqual(self.digests(), [self.ada.email])
        [digest] = [letter for letter in send_all() if "to review" in letter.subject]
        self.assertEqual((digest.to, digest.subject[:23]), ([self.ada.email], "1 difference to review,"))
        for words in (
            "Only in our records: 1",
            reverse("desk_reconciliation", args=[Reconciliation.objects.latest("pk").pk]),
        ):
            self.assertIn(words, digest.body)

    def test_a_digest_is_not_sent_once_everything_is_settled(self) -> None:
        self.only_ours()
        self.night()
        deeds.perform_action(self.one("only_ours"), "explained", why="Known", by=self.ada)
        with self.assertRaises(MailNotNeeded):
            mails.differences_context(Message.objects.get(template="billing.differences"))

    @override_settings(DIFFERENCES_TO="books@example.org")
    def test_the_setting_names_who_is_told_also_of_a_gateway_that_could_not_be_read(self) -> None:
        Scripted.trouble.append(PermanentFailure("It refuses our key."))
        self.night()
        self.assertEqual(self.digests(), ["books@example.org"])

    def test_nights_that_were_missed_are_made_up_for_and_none_is_run_twice(self) -> None:
        self.night()
        run = Reconciliation.objects.latest("pk")
        self.assertEqual((run.since, run.until), (self.today, dates.local_today() - YESTERDAY))
        nightly.start_nightly_run()
        self.assertEqual(Reconciliation.objects.count(), 2)

    def test_a_persons_own_run_mails_nobody(self) -> None:
        self.only_ours()
        self.run_it()
        self.assertEqual(self.digests(), [])

    def test_old_runs_go_when_nothing_in_them_waits_or_was_explained(self) -> None:
        self.bought()
        done = self.run_it()
        self.only_ours()
        waits = self.run_it()
        Reconciliation.objects.update(ended_at=timezone.now() - timedelta(days=500))
        nightly.delete_old_runs()
        self.assertEqual(list(Reconciliation.objects.all()), [waits])
        self.assertFalse(Finding.objects.filter(book__run=done).exists())

    def test_nothing_is_fetched_in_a_request(self) -> None:
        self.log_in(self.ada)
        days = {"since": self.today.isoformat(), "until": self.today.isoformat()}
        response = self.client.post(reverse("desk_reconciliations"), days)
        run = Reconciliation.objects.get()
        self.assertRedirects(response, reverse("desk_reconciliation", args=[run.pk]))
        self.assertEqual((Scripted.asked, Delivery.objects.filter(state="waiting").count()), ([], 2))
