"""Sending by Amazon SES, and what Amazon tells of it: signed with a certificate that the test makes."""

import json
import warnings
from typing import Any

import boto3
from django.http import HttpResponse
from django.test import SimpleTestCase, override_settings
from django.utils import timezone
from moto import mock_aws
from moto.backends import get_backend

from mailroom import sns
from mailroom.domain import bounces, ses_notices
from mailroom.models import Message, MessageState, Suppression
from mailroom.testing import send_all
from outbox.models import Event
from tests.base import SchoolTestCase
from tests.mailroom.amazon import CERTIFICATE, TOPIC, bounce, certificate, signed, trust
from tests.mailroom.base import ALICE, ChoirTestCase, again, stored, write


@override_settings(AWS_SNS_TOPICS=[TOPIC])
class NoticeTest(ChoirTestCase):
    def setUp(self) -> None:
        trust(certificate())

    def post(self, body: Any) -> HttpResponse:
        text = body if isinstance(body, str) else json.dumps(body)
        response: Any = self.client.post("/mail/notices/ses/", text, content_type="text/plain; charset=UTF-8")
        return response

    def tell(self, notice: Any, version: str = "2") -> int:
        return self.post(signed({"Message": json.dumps(notice)}, version)).status_code

    def test_what_came_back_for_good_bounced_and_the_address_gets_nothing_more(self) -> None:
        for version in ("1", "2"):
            with self.subTest(version):
                Message.objects.all().delete()
                message = stored(MessageState.SENT, provider_id="ses-1")
                self.assertEqual(self.tell(bounce(), version), 204)
                self.assertEqual((again(message).state, message.reason), (MessageState.BOUNCED, "It bounced. 5.1.1"))
                self.assertEqual(Suppression.objects.get().email, ALICE)

    def test_the_same_notice_again_changes_nothing(self) -> None:
        stored(MessageState.SENT, provider_id="ses-1")
        self.assertEqual([self.tell(bounce()), self.tell(bounce())], [204, 204])
        self.assertEqual(Suppression.objects.count(), 1)

    def test_a_full_mailbox_is_no_reason_to_give_up_an_address(self) -> None:
        message = stored(MessageState.SENT, provider_id="ses-1")
        self.tell(bounce(kind="Transient"))
        self.assertEqual((again(message).state, Suppression.objects.count()), (MessageState.BOUNCED, 0))

    def test_a_mail_whose_sender_died_is_found_by_our_own_header(self) -> None:
        message = stored(MessageState.PERHAPS)
        self.tell(bounce(headers=[{"name": "X-Letter", "value": ses_notices.sign_message_id(message)}]))
        self.assertEqual(again(message).state, MessageState.BOUNCED)

    def test_a_header_that_we_did_not_sign_finds_nothing(self) -> None:
        message = stored(MessageState.PERHAPS)
        self.tell(bounce(headers=[{"name": "X-Letter", "value": f"{message.pk}:forged"}]))
        self.assertEqual(again(message).state, MessageState.PERHAPS)

    def test_a_complaint_stops_all_mail_to_the_address(self) -> None:
        message = stored(MessageState.SENT, provider_id="ses-1")
        complained = {"complainedRecipients": [{"emailAddress": ALICE.upper()}]}
        self.tell({"eventType": "Complaint", "complaint": complained, "mail": {"messageId": "ses-1"}})
        self.assertEqual(again(message).state, MessageState.SENT)
        self.assertEqual(Suppression.objects.get().cause, Suppression.Cause.COMPLAINT)
        self.assertEqual(write().state, MessageState.SUPPRESSED)

    def test_what_arrived_was_sent(self) -> None:
        message = stored(MessageState.PERHAPS, provider_id="ses-1")
        self.tell({"eventType": "Delivery", "delivery": {}, "mail": {"messageId": "ses-1"}})
        self.assertEqual(again(message).state, MessageState.SENT)

    def test_a_notice_from_before_the_address_was_freed_is_old(self) -> None:
        Suppression.objects.create(email=ALICE, cause="bounce", lifted_at=timezone.now())
        notice = bounce()
        notice["bounce"]["timestamp"] = "2026-01-01T00:00:00.000Z"
        self.tell(notice)
        self.assertFalse(Suppression.objects.filter(lifted_at=None).exists())

    def test_other_events_are_none_of_our_business(self) -> None:
        self.assertEqual(self.tell({"eventType": "Open", "open": {}, "mail": {"messageId": "ses-1"}}), 204)

    def test_a_notice_that_says_nothing_is_refused_and_changes_nothing(self) -> None:
        for notice in (
            [],
            {},
            {"eventType": "Bounce", "mail": {}},
            {"eventType": "Bounce", "mail": {"messageId": "x"}},
            7,
        ):
            self.assertEqual(self.tell(notice), 400, notice)

    def test_what_amazon_did_not_sign_is_refused(self) -> None:
        fine = signed({"Message": json.dumps(bounce())})
        for change in (
            {"Message": json.dumps(bounce("eve@example.org"))},
            {"Signature": "AAAA"},
            {"Signature": "not base64"},
            {"Signature": None},
            {"SignatureVersion": "3"},
            {"Type": "Something"},
            {"SigningCertURL": "https://evil.example/SimpleNotificationService-1.pem"},
            {"SigningCertURL": CERTIFICATE.replace("us-west-2", "eu-west-1")},
            {"SigningCertURL": "https://sns.us-west-2.amazonaws.com.evil.example/SimpleNotificationService-1.pem"},
            {"TopicArn": "arn:aws:sns:us-west-2:999999999999:theirs"},
            {"TopicArn": ["arn"]},
        ):
            self.assertEqual(self.post(fine | change).status_code, 403, change)
        self.assertEqual(Suppression.objects.count(), 0)

    def test_a_certificate_out_of_date_is_worth_nothing(self) -> None:
        trust(certificate(days=-1))
        self.assertEqual(self.tell(bounce()), 403)

    def test_nonsense_is_refused(self) -> None:
        for body in ("", "{", "[]", "7", "null", "\x00", "[" * 100_000):
            self.assertIn(self.post(body).status_code, (400, 403), body[:10])

    def test_what_is_larger_than_amazon_sends_is_not_read(self) -> None:
        self.assertEqual(self.post("x" * (256 * 1024 + 1)).status_code, 413)

    @override_settings(AWS_SNS_TOPICS=[])
    def test_without_a_topic_nobody_is_there(self) -> None:
        self.assertEqual(self.tell(bounce()), 404)

    def offer(self, address: str) -> int:
        return self.post(
            signed({"Type": "SubscriptionConfirmation", "Message": "x", "Token": "t", "SubscribeURL": address})
        ).status_code

    def test_a_subscription_to_our_topic_is_confirmed_later_and_once(self) -> None:
        address = "https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&TopicArn=arn:aws:sns&Token=abc"
        self.assertEqual([self.offer(address), self.offer(address)], [204, 204])
        event = Event.objects.get(type="mailroom.notices_offered")
        self.assertEqual((event.data["address"], event.deliveries.count()), (address, 1))

    def test_a_subscription_is_confirmed_nowhere_but_at_amazon(self) -> None:
        for address in (
            "http://sns.us-west-2.amazonaws.com/?a=b",
            "https://evil.example/?a=b",
            "file:///etc/passwd",
            "",
        ):
            self.assertEqual(self.offer(address), 403, address)
        self.assertEqual(Event.objects.count(), 0)


class SendingTest(ChoirTestCase):
    def setUp(self) -> None:
        self.enterContext(mock_aws())
        self.enterContext(warnings.catch_warnings())
        self.enterContext(
            override_settings(
                EMAIL_BACKEND="django_ses.SESBackend",
                AWS_SES_ACCESS_KEY_ID="x",
                AWS_SES_SECRET_ACCESS_KEY="x",
                AWS_SES_AUTO_THROTTLE=None,
                DEFAULT_FROM_EMAIL="School <noreply@example.org>",
            )
        )
        warnings.simplefilter("ignore", DeprecationWarning)
        self.amazon = boto3.client("ses", "us-west-2", aws_access_key_id="x", aws_secret_access_key="x")

    def test_the_number_that_amazon_gives_is_kept_for_what_comes_back(self) -> None:
        self.amazon.verify_email_identity(EmailAddress="noreply@example.org")
        message = write()
        send_all()
        self.assertEqual(again(message).state, MessageState.SENT)
        self.assertTrue(message.provider_id)
        (sent,) = get_backend("ses")["123456789012"]["us-west-2"].sent_messages
        self.assertIn("Flow My Tears", sent.raw_data)

    def test_a_refusal_of_amazon_needs_a_person(self) -> None:
        message = write()
        send_all()
        self.assertEqual(
            (again(message).state, message.reason), (MessageState.PARKED, "Amazon SES answered MessageRejected.")
        )


class SuppressionTest(SchoolTestCase):
    def test_the_first_cause_stays(self) -> None:
        bounces.suppress_address(ALICE, Suppression.Cause.BOUNCE, "5.1.1")
        bounces.suppress_address(ALICE, Suppression.Cause.COMPLAINT)
        self.assertEqual(Suppression.objects.get().cause, Suppression.Cause.BOUNCE)

    def test_lifting_twice_is_too_late(self) -> None:
        bounces.suppress_address(ALICE, Suppression.Cause.BOUNCE)
        pk = Suppression.objects.get().pk
        bounces.lift_suppression(self.ada, pk, "It works again.")
        with self.assertRaises(bounces.SuppressionLifted):
            bounces.lift_suppression(self.ada, pk, "It works again.")


class CertificateTest(SimpleTestCase):
    def test_what_is_no_certificate_is_refused(self) -> None:
        for pem in ("", "x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"):
            with self.assertRaises(sns.NoticeUntrusted):
                sns.public_key_in(pem)
