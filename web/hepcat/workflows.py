"""Which receivers react to which events, for the whole site in one place.

Receivers under `now` run inside the transaction that emits the event, and undo it by raising an error. Receivers under
`later` run after it, in a worker. A school adds its own receivers without changing this file: an app in EXTRA_APPS can
have a `workflows.py` like this one, which is added, or the setting WORKFLOWS can name another map that replaces this
one. `manage.py workflows` prints the map in effect.
"""

WORKFLOWS: dict[str, dict[str, list[str]]] = {
    "mailroom.message_queued": {"later": ["mailroom.receivers.send_queued_messages"]},
    "mailroom.notices_offered": {"later": ["mailroom.receivers.confirm_notices"]},
    "billing.order_placed": {"later": ["billing.receivers.mail_order_received"]},
    "billing.order_kept": {"later": ["billing.receivers.mail_order_received"]},
    "billing.link_requested": {"later": ["billing.receivers.mail_link_again"]},
    "billing.order_paid": {"later": ["billing.receivers.mail_receipt", "billing.receivers.close_unneeded_attempts"]},
    "billing.order_lapsed": {"later": ["billing.receivers.mail_order_lapsed"]},
    "billing.order_cancelled": {
        "later": ["billing.receivers.mail_order_cancelled", "billing.receivers.close_unneeded_attempts"],
    },
    "billing.hold_ending": {"later": ["billing.receivers.mail_hold_ending"]},
    "billing.payment_due": {"later": ["billing.receivers.mail_payment_due"]},
    "billing.line_cancelled": {
        "later": ["billing.receivers.mail_line_cancelled", "billing.receivers.close_unneeded_attempts"]
    },
    "billing.called_off": {"later": ["billing.receivers.close_unneeded_attempts"]},
    "billing.payment_failed": {"later": ["billing.receivers.mail_payment_failed"]},
    "billing.payment_late": {"later": ["billing.receivers.mail_payment_late"]},
    "classwork.place_held": {"later": ["classwork.receivers.check_double_registration"]},
    "classwork.registration_confirmed": {
        "later": ["classwork.receivers.mail_attendee", "classwork.receivers.confirm_class_at_minimum"]
    },
    "classwork.registration_ended": {
        "later": [
            "classwork.receivers.offer_freed_spots",
            "classwork.receivers.mail_ended_registration",
            "classwork.receivers.mail_transferred_spot",
        ]
    },
    "classwork.hold_ended": {"later": ["classwork.receivers.offer_freed_spots"]},
    "classwork.ticket_held": {"later": ["classwork.receivers.check_known_guest"]},
    "classwork.ticket_confirmed": {"later": ["classwork.receivers.mail_guest"]},
    "classwork.ticket_ended": {"later": ["classwork.receivers.offer_freed_spots"]},
    "classwork.ticket_hold_ended": {"later": ["classwork.receivers.offer_freed_spots"]},
    "classwork.waiting_joined": {"later": ["classwork.receivers.mail_waitlist_change"]},
    "classwork.place_offered": {"later": ["classwork.receivers.mail_waitlist_change"]},
    "classwork.offer_lapsed": {"later": ["classwork.receivers.mail_waitlist_change"]},
    "classwork.waiting_closed": {"later": ["classwork.receivers.mail_waitlist_change"]},
    "classwork.class_confirmed": {"later": ["classwork.receivers.mail_class_confirmed"]},
    "classwork.decision_put_off": {"later": ["classwork.receivers.mail_decision_postponed"]},
    "classwork.decision_needed": {"later": ["classwork.receivers.mail_decision_needed"]},
    "classwork.called_off": {"later": ["classwork.receivers.mail_class_cancellation"]},
    "classwork.offer_created": {"now": ["classwork.receivers.rebuild_releases"]},
    "classwork.offer_changed": {
        "now": ["classwork.receivers.rebuild_releases", "classwork.receivers.move_early_price"]
    },
    "classwork.schedule_changed": {
        "now": ["classwork.receivers.rebuild_releases", "classwork.receivers.move_early_price"]
    },
    "classwork.meeting_added": {
        "now": ["classwork.receivers.rebuild_releases", "classwork.receivers.move_early_price"]
    },
    "classwork.meeting_cancelled": {
        "now": ["classwork.receivers.rebuild_releases", "classwork.receivers.move_early_price"]
    },
    "classwork.meeting_moved": {
        "now": ["classwork.receivers.rebuild_releases", "classwork.receivers.move_early_price"]
    },
    "classwork.meeting_restored": {
        "now": ["classwork.receivers.rebuild_releases", "classwork.receivers.move_early_price"]
    },
    "users.offer_answered": {"later": ["classwork.receivers.request_attendee_address"]},
    "users.joining_asked": {"later": ["classwork.receivers.open_merge_issue"]},
    "billing.payment_promised": {"later": ["billing.receivers.mail_payment_promised"]},
    "billing.gateway_to_be_asked": {"later": ["billing.receivers.poll_gateway"]},
    "billing.dispute_opened": {"later": ["classwork.receivers.apply_disputes", "billing.receivers.mail_dispute"]},
    "billing.dispute_closed": {"later": ["classwork.receivers.apply_disputes", "billing.receivers.mail_dispute"]},
    "billing.refund_reserved": {"later": ["billing.receivers.send_refund"]},
    "billing.refund_ready": {"later": ["billing.receivers.mail_refund_ready"]},
    "billing.refund_made": {"later": ["billing.receivers.mail_refund_made"]},
    "billing.reconciliation_step": {"later": ["billing.receivers.advance_reconciliation"]},
    "billing.reconciliation_done": {"later": ["billing.receivers.mail_differences"]},
    "billing.finding_doubted": {"later": ["billing.receivers.recheck_finding"]},
}
