"""An imitation of PayPal that keeps state, refuses what PayPal refuses, and signs its webhooks."""

from tests.fakes.paypal_server.server import CLIENT_ID, SECRET, WEBHOOK_ID, PayPal, paypal_server

__all__ = ["CLIENT_ID", "SECRET", "WEBHOOK_ID", "PayPal", "paypal_server"]
