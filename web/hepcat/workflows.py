"""Which receivers react to which events, for the whole site in one place.

Receivers under `now` run inside the transaction that emits the event, and undo it by raising an error. Receivers under
`later` run after it, in a worker. A school adds its own receivers without changing this file: an app in EXTRA_APPS can
have a `workflows.py` like this one, which is added, or the setting WORKFLOWS can name another map that replaces this
one. `manage.py workflows` prints the map in effect.
"""

WORKFLOWS: dict[str, dict[str, list[str]]] = {
    "mailroom.message_queued": {"later": ["mailroom.receivers.send_queued_messages"]},
    "mailroom.notice_subscription_requested": {"later": ["mailroom.receivers.confirm_notices"]},
    "billing.order_placed": {"later": ["billing.receivers.mail_order_received"]},
    "billing.order_payment_deferred": {"later": ["billing.receivers.mail_order_received"]},
    "billing.link_requested": {"later": ["billing.receivers.mail_link_again"]},
    "billing.order_paid": {"later": ["billing.receivers.mail_receipt", "billing.receivers.close_unneeded_attempts"]},
    "billing.order_expired": {"later": ["billing.receivers.mail_order_expired"]},
    "billing.order_canceled": {
        "later": ["billing.receivers.mail_order_canceled", "billing.receivers.close_unneeded_attempts"],
    },
    "billing.hold_reminder_triggered": {"later": ["billing.receivers.mail_hold_reminder"]},
    "billing.payment_reminder_triggered": {"later": ["billing.receivers.mail_payment_due"]},
    "billing.line_canceled": {
        "later": ["billing.receivers.mail_line_canceled", "billing.receivers.close_unneeded_attempts"]
    },
    "billing.lines_canceled": {"later": ["billing.receivers.close_unneeded_attempts"]},
    "billing.payment_failed": {"later": ["billing.receivers.mail_payment_failed"]},
    "billing.late_payment_received": {"later": ["billing.receivers.mail_late_payment"]},
    "registrations.registration_held": {"later": ["registrations.receivers.check_double_registration"]},
    "registrations.registration_confirmed": {
        "later": ["registrations.receivers.mail_attendee", "registrations.receivers.confirm_class_at_minimum"]
    },
    "registrations.registration_ended": {
        "later": [
            "registrations.receivers.offer_freed_spots",
            "registrations.receivers.mail_ended_registration",
            "registrations.receivers.mail_transferred_spot",
        ]
    },
    "registrations.hold_expired": {"later": ["registrations.receivers.offer_freed_spots"]},
    "registrations.ticket_held": {"later": ["registrations.receivers.check_known_guest"]},
    "registrations.ticket_confirmed": {"later": ["registrations.receivers.mail_guest"]},
    "registrations.ticket_ended": {"later": ["registrations.receivers.offer_freed_spots"]},
    "registrations.ticket_hold_expired": {"later": ["registrations.receivers.offer_freed_spots"]},
    "registrations.waitlist_joined": {"later": ["registrations.receivers.mail_waitlist_change"]},
    "registrations.spot_offered": {"later": ["registrations.receivers.mail_waitlist_change"]},
    "registrations.spot_offer_expired": {"later": ["registrations.receivers.mail_waitlist_change"]},
    "registrations.waitlist_closed": {"later": ["registrations.receivers.mail_waitlist_change"]},
    "registrations.class_confirmed": {"later": ["registrations.receivers.mail_class_confirmed"]},
    "registrations.decision_postponed": {"later": ["registrations.receivers.mail_decision_postponed"]},
    "registrations.decision_needed": {"later": ["registrations.receivers.mail_decision_needed"]},
    "registrations.classes_canceled": {"later": ["registrations.receivers.mail_class_cancellation"]},
    "classwork.class_created": {"now": ["classwork.receivers.rebuild_releases"]},
    "classwork.class_changed": {
        "now": ["classwork.receivers.rebuild_releases", "registrations.receivers.move_early_price"]
    },
    "classwork.schedule_changed": {
        "now": ["classwork.receivers.rebuild_releases", "registrations.receivers.move_early_price"]
    },
    "classwork.meeting_added": {
        "now": ["classwork.receivers.rebuild_releases", "registrations.receivers.move_early_price"]
    },
    "classwork.meeting_canceled": {
        "now": ["classwork.receivers.rebuild_releases", "registrations.receivers.move_early_price"]
    },
    "classwork.meeting_moved": {
        "now": ["classwork.receivers.rebuild_releases", "registrations.receivers.move_early_price"]
    },
    "classwork.meeting_restored": {
        "now": ["classwork.receivers.rebuild_releases", "registrations.receivers.move_early_price"]
    },
    "users.claim_answered": {"later": ["registrations.receivers.request_attendee_address"]},
    "users.merge_requested": {"later": ["registrations.receivers.open_merge_issue"]},
    "billing.payment_submitted": {"later": ["billing.receivers.mail_payment_pending"]},
    "billing.gateway_poll_requested": {"later": ["billing.receivers.poll_gateway"]},
    "billing.dispute_opened": {"later": ["registrations.receivers.apply_disputes", "billing.receivers.mail_dispute"]},
    "billing.dispute_closed": {"later": ["registrations.receivers.apply_disputes", "billing.receivers.mail_dispute"]},
    "billing.refund_reserved": {"later": ["billing.receivers.send_refund"]},
    "billing.refund_ready": {"later": ["billing.receivers.mail_refund_ready"]},
    "billing.refund_completed": {"later": ["billing.receivers.mail_refund_completed"]},
    "accounting.reconciliation_advanced": {"later": ["accounting.receivers.advance_reconciliation"]},
    "accounting.reconciliation_completed": {"later": ["accounting.receivers.mail_differences"]},
    "accounting.finding_recheck_requested": {"later": ["accounting.receivers.recheck_finding"]},
}
