"""Amazon's notices, signed with a certificate that the tests make."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from django.core.cache import cache

from mailroom import sns
from tests.mailroom.base import ALICE

TOPIC = "arn:aws:sns:us-west-2:123456789012:mail"
CERTIFICATE = "https://sns.us-west-2.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(*, days: int = 1) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(KEY.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(now + timedelta(days=days))
    )
    return built.sign(KEY, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def trust(pem: str) -> None:
    """As if it had been fetched from Amazon a while ago."""
    cache.set(f"sns-{hashlib.sha256(CERTIFICATE.encode()).hexdigest()}", pem)


def signed(message: dict[str, Any], version: str = "2") -> dict[str, Any]:
    whole = {
        "Type": "Notification",
        "MessageId": "1",
        "TopicArn": TOPIC,
        "Timestamp": "2026-01-01T00:00:00.000Z",
        "SignatureVersion": version,
        "SigningCertURL": CERTIFICATE,
    } | message
    text = sns.signed_bytes(whole, sns.SIGNED[whole["Type"]])
    signature = KEY.sign(text, padding.PKCS1v15(), sns.ALGORITHMS[version])
    return whole | {"Signature": base64.b64encode(signature).decode()}


def bounce(address: str = ALICE, kind: str = "Permanent", **mail: Any) -> dict[str, Any]:
    return {
        "notificationType": "Bounce",
        "bounce": {"bounceType": kind, "bouncedRecipients": [{"emailAddress": f"A <{address}>", "status": "5.1.1"}]},
        "mail": {"messageId": "ses-1", **mail},
    }
