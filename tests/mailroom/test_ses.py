"""Sending with Amazon SES, and its notices, which are signed here with a certificate that the tests create."""

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
from mailroom.errors import MailActionRefused, NoticeUntrusted
from mailroom.models import Message, MessageState, Suppression
from mailroom.testing import send_all
from outbox.models import Event
from tests.base import SchoolTestCase
from tests.mailroom.amazon_notices import CERTIFICATE, TOPIC, bounce, certificate, signed, trust
from tests.mailroom.base import ALICE, ChoirTestCase, again, stored, write


@override_settings(AWS_SNS_TOPICS=[TOPIC])
class SesNoticeTest(ChoirTestCase):
    def setUp(self) -> None:
        trust(certificate())

    def post(self, body: Any) -> HttpResponse:
        text = body if isinstance(body, str) else json.dumps(body)
        response: Any = self.client.post("/mail/notices/ses/", text, content_type="text/plain; charset=UTF-8")
        return response

    def send_notice(self, notice: Any, version: str = "2") -> int:
        return self.post(signed({"Message": json.dumps(notice)}, version)).status_code

    def test_permanent_bounce_marks_the_message_as_bounced_and_suppresses_the_address(self) -> None:
        for version in ("1", "2"):
            with self.subTest(version):
                Message.objects.all().delete()
                message = stored(MessageState.SENT, provider_id="ses-1")
                self.assertEqual(self.send_notice(bounce(), version), 204)
                self.assertEqual((again(message).state, message.reason), (MessageState.BOUNCED, "It bounced. 5.1.1"))
                self.assertEqual(Suppression.objects.get().email, ALICE)

    def test_repeated_notice_changes_nothing(self) -> None:
        stored(MessageState.SENT, provider_id="ses-1")
        self.assertEqual([self.send_notice(bounce()), self.send_notice(bounce())], [204, 204])
        self.assertEqual(Suppression.objects.count(), 1)

    def test_temporary_bounce_does_not_suppress_the_address(self) -> None:
        message = stored(MessageState.SENT, provider_id="ses-1")
        self.send_notice(bounce(kind="Transient"))
        self.assertEqual((again(message).state, Suppression.objects.count()), (MessageState.BOUNCED, 0))

    def test_message_whose_amazon_id_was_not_saved_is_found_by_its_signed_header(self) -> None:
        message = stored(MessageState.PERHAPS)
        self.send_notice(bounce(headers=[{"name": "X-Letter", "value": ses_notices.sign_message_id(message)}]))
        self.assertEqual(again(message).state, MessageState.BOUNCED)

    def test_message_header_with_a_forged_signature_is_ignored(self) -> None:
        message = stored(MessageState.PERHAPS)
        self.send_notice(bounce(headers=[{"name": "X-Letter", "value": f"{message.pk}:forged"}]))
        self.assertEqual(again(message).state, MessageState.PERHAPS)

    def test_complaint_suppresses_all_mail_to_the_address(self) -> None:
        message = stored(MessageState.SENT, provider_id="ses-1")
        complaint = {"complainedRecipients": [{"emailAddress": ALICE.upper()}]}
        self.send_notice({"eventType": "Complaint", "complaint": complaint, "mail": {"messageId": "ses-1"}})
        self.assertEqual(again(message).state, MessageState.SENT)
        self.assertEqual(Suppression.objects.get().cause, Suppression.Cause.COMPLAINT)
        write()
        self.assertEqual(send_all(), [])

    def test_delivery_notice_marks_a_possibly_sent_message_as_sent(self) -> None:
        message = stored(MessageState.PERHAPS, provider_id="ses-1")
        self.send_notice({"eventType": "Delivery", "delivery": {}, "mail": {"messageId": "ses-1"}})
        self.assertEqual(again(message).state, MessageState.SENT)

    def test_bounce_from_before_the_suppression_was_lifted_is_ignored(self) -> None:
        Suppression.objects.create(email=ALICE, cause="bounce", lifted_at=timezone.now())
        notice = bounce()
        notice["bounce"]["timestamp"] = "2026-01-01T00:00:00.000Z"
        self.send_notice(notice)
        self.assertFalse(Suppression.objects.filter(lifted_at=None).exists())

    def test_notice_of_another_kind_is_accepted_and_ignored(self) -> None:
        self.assertEqual(self.send_notice({"eventType": "Open", "open": {}, "mail": {"messageId": "ses-1"}}), 204)

    def test_notice_without_the_required_fields_is_refused(self) -> None:
        for notice in (
            [],
            {},
            {"eventType": "Bounce", "mail": {}},
            {"eventType": "Bounce", "mail": {"messageId": "x"}},
            7,
        ):
            self.assertEqual(self.send_notice(notice), 400, notice)

    def test_notice_without_a_valid_amazon_signature_is_refused(self) -> None:
        valid_body = signed({"Message": json.dumps(bounce())})
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
            self.assertEqual(self.post(valid_body | change).status_code, 403, change)
        self.assertEqual(Suppression.objects.count(), 0)

    def test_notice_signed_with_an_expired_certificate_is_refused(self) -> None:
        trust(certificate(days=-1))
        self.assertEqual(self.send_notice(bounce()), 403)

    def test_malformed_request_body_is_refused(self) -> None:
        for body in ("", "{", "[]", "7", "null", "\x00", "[" * 100_000):
            self.assertIn(self.post(body).status_code, (400, 403), body[:10])

    def test_oversized_request_body_is_refused(self) -> None:
        self.assertEqual(self.post("x" * (256 * 1024 + 1)).status_code, 413)

    @override_settings(AWS_SNS_TOPICS=[])
    def test_notice_url_is_not_found_if_no_topic_is_configured(self) -> None:
        self.assertEqual(self.send_notice(bounce()), 404)

    def offer_subscription(self, address: str) -> int:
        return self.post(
            signed({"Type": "SubscriptionConfirmation", "Message": "x", "Token": "t", "SubscribeURL": address})
        ).status_code

    def test_repeated_subscription_offer_is_confirmed_later_by_one_event(self) -> None:
        address = "https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&TopicArn=arn:aws:sns&Token=abc"
        self.assertEqual([self.offer_subscription(address), self.offer_subscription(address)], [204, 204])
        event = Event.objects.get(type="mailroom.notice_subscription_requested")
        self.assertEqual((event.data["address"], event.deliveries.count()), (address, 1))

    def test_subscription_is_confirmed_only_at_an_amazon_address(self) -> None:
        for address in (
            "http://sns.us-west-2.amazonaws.com/?a=b",
            "https://evil.example/?a=b",
            "file:///etc/passwd",
            "",
        ):
            self.assertEqual(self.offer_subscription(address), 403, address)
        self.assertEqual(Event.objects.count(), 0)


class SesSendingTest(ChoirTestCase):
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

    def test_message_id_from_amazon_is_stored_when_a_message_is_sent(self) -> None:
        self.amazon.verify_email_identity(EmailAddress="noreply@example.org")
        message = write()
        send_all()
        self.assertEqual(again(message).state, MessageState.SENT)
        self.assertTrue(message.provider_id)
        (sent,) = get_backend("ses")["123456789012"]["us-west-2"].sent_messages
        self.assertIn("Flow My Tears", sent.raw_data)

    def test_message_refused_by_amazon_is_parked(self) -> None:
        message = write()
        send_all()
        self.assertEqual(
            (again(message).state, message.reason), (MessageState.PARKED, "Amazon SES answered MessageRejected.")
        )


class SuppressionTest(SchoolTestCase):
    def test_first_cause_of_a_suppression_is_kept(self) -> None:
        bounces.suppress_address(ALICE, Suppression.Cause.BOUNCE, "5.1.1")
        bounces.suppress_address(ALICE, Suppression.Cause.COMPLAINT)
        self.assertEqual(Suppression.objects.get().cause, Suppression.Cause.BOUNCE)

    def test_suppression_cannot_be_lifted_twice(self) -> None:
        bounces.suppress_address(ALICE, Suppression.Cause.BOUNCE)
        pk = Suppression.objects.get().pk
        bounces.lift_suppression(self.ada, pk, "It works again.")
        with self.assertRaises(MailActionRefused) as refused:
            bounces.lift_suppression(self.ada, pk, "It works again.")
        self.assertEqual(refused.exception.code, "already_unblocked")


class CertificateTest(SimpleTestCase):
    def test_invalid_certificate_is_refused(self) -> None:
        for pem in ("", "x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"):
            with self.assertRaises(NoticeUntrusted):
                sns.public_key_in(pem)
