"""Verification of messages from Amazon SNS.

The check in the library for SES is not used because it supports only the first signature version, never retries a
certificate that could not be fetched, and by default accepts the topics of every Amazon customer.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import requests
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from django.conf import settings
from django.core.cache import cache, caches

from common.throttle import Rate, count_attempt
from mailroom.errors import NoticeUntrusted

ARN = re.compile(r"arn:aws(?:-cn|-us-gov)?:sns:([a-z0-9-]+):\d+:[A-Za-z0-9_-]+\Z")
CERTIFICATE = r"https://sns\.{region}\.amazonaws\.com(\.cn)?/SimpleNotificationService-[a-z0-9]+\.pem"
CONFIRMATION = r"https://sns\.{region}\.amazonaws\.com(\.cn)?/\?[A-Za-z0-9=&%:._~-]+"
SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
SIGNED["UnsubscribeConfirmation"] = SIGNED["SubscriptionConfirmation"]
ALGORITHMS: dict[str, hashes.HashAlgorithm] = {"1": hashes.SHA1(), "2": hashes.SHA256()}  # noqa: S303
AN_HOUR, A_DAY, A_YEAR, FETCH_SECONDS = 3600, 24 * 3600, 366 * 24 * 3600, 5
NEW_CERTIFICATES, NEW_CERTIFICATES_FROM_ALL = Rate(6, AN_HOUR), Rate(60, AN_HOUR)


def verify_message(message: Mapping[str, Any], network: str) -> None:
    """Raise an exception unless Amazon signed the message and it comes from one of our topics.

    `network` is the network address of the sender, for rate limits.
    """
    if not isinstance(message, Mapping):
        raise NoticeUntrusted("it is not a message")
    arn = ARN.match(text_field(message, "TopicArn"))
    if arn is None or message["TopicArn"] not in settings.AWS_SNS_TOPICS:
        raise NoticeUntrusted("it is not from one of our topics")
    address = text_field(message, "SigningCertURL")
    if not re.fullmatch(CERTIFICATE.format(region=arn[1]), address):
        raise NoticeUntrusted("the certificate is not Amazon's")
    algorithm = ALGORITHMS.get(text_field(message, "SignatureVersion"))
    names = SIGNED.get(text_field(message, "Type"))
    if algorithm is None or names is None:
        raise NoticeUntrusted("the kind of message or signature is unknown")
    verify_signature(
        public_key_at(address, network), text_field(message, "Signature"), signed_bytes(message, names), algorithm
    )


def text_field(message: Mapping[str, Any], name: str) -> str:
    value = message.get(name, "")
    return value if isinstance(value, str) else ""


def signed_bytes(message: Mapping[str, Any], names: tuple[str, ...]) -> bytes:
    return "".join(f"{name}\n{text_field(message, name)}\n" for name in names if message.get(name) is not None).encode()


def verify_signature(key: rsa.RSAPublicKey, signature: str, signed: bytes, algorithm: hashes.HashAlgorithm) -> None:
    try:
        key.verify(base64.b64decode(signature, validate=True), signed, padding.PKCS1v15(), algorithm)
    except (InvalidSignature, binascii.Error, ValueError):
        raise NoticeUntrusted("the signature does not match") from None


def public_key_at(address: str, network: str) -> rsa.RSAPublicKey:
    # The certificate is fetched once a day and cached for all processes.
    name = f"sns-{hashlib.sha256(address.encode()).hexdigest()}"
    pem = cache.get(name)
    if pem is None:
        pem = fetch_certificate_within_limits(address, name, network)
        cache.set(name, pem, A_DAY)
        caches["throttles"].set(f"{name}-good", True, A_YEAR)
    return public_key_in(pem)


def fetch_certificate_within_limits(address: str, name: str, network: str) -> str:
    """A forged notice can name any certificate, so the number of new certificates per hour is limited.

    The limit for each network address keeps a single forger from blocking a new certificate of Amazon. A certificate
    that was valid before can always be fetched again, and one that failed is not tried again for an hour.
    """
    results = caches["throttles"]
    if not results.get(f"{name}-good"):
        if results.get(f"{name}-bad"):
            raise NoticeUntrusted("the certificate could not be fetched recently")
        if count_attempt(f"certificates of sns at {network}", NEW_CERTIFICATES) or count_attempt(
            "certificates of sns", NEW_CERTIFICATES_FROM_ALL
        ):
            raise NoticeUntrusted("too many unknown certificates were named")
    try:
        return fetch_certificate(address)
    except NoticeUntrusted:
        results.set(f"{name}-bad", True, AN_HOUR)
        raise


def fetch_certificate(address: str) -> str:
    try:
        response = requests.get(address, timeout=FETCH_SECONDS, allow_redirects=False)
        response.raise_for_status()
    except requests.RequestException:
        raise NoticeUntrusted("the certificate could not be fetched") from None
    public_key_in(response.text)
    return response.text


def public_key_in(pem: str) -> rsa.RSAPublicKey:
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        raise NoticeUntrusted("the certificate cannot be read") from None
    key = certificate.public_key()
    if not certificate.not_valid_before_utc <= datetime.now(UTC) <= certificate.not_valid_after_utc:
        raise NoticeUntrusted("the certificate is not valid today")
    if not isinstance(key, rsa.RSAPublicKey):
        raise NoticeUntrusted("the certificate has no key of the right kind")
    return key


def sns_confirmation_url(message: Mapping[str, Any]) -> str:
    """The URL must be at Amazon and in the region of the topic."""
    arn = ARN.match(text_field(message, "TopicArn"))
    address = text_field(message, "SubscribeURL")
    if arn is None or not re.fullmatch(CONFIRMATION.format(region=arn[1]), address):
        raise NoticeUntrusted("the confirmation URL is not Amazon's")
    return address
