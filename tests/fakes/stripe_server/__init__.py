"""An imitation of Stripe that keeps state, refuses what Stripe refuses, and signs its webhooks."""

from tests.fakes.stripe_server.server import KEY, WEBHOOK_SECRET, Stripe, stripe_server

__all__ = ["KEY", "WEBHOOK_SECRET", "Stripe", "stripe_server"]
