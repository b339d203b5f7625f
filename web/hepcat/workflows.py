"""Which receivers react to which events, for the whole site in one place.

Receivers under `now` run inside the transaction that emits the event, and undo it by raising an error. Receivers under
`later` run after it, in a worker. A school adds its own receivers without changing this file: an app in EXTRA_APPS can
have a `workflows.py` like this one, which is added, or the setting WORKFLOWS can name another map that replaces this
one. `manage.py workflows` prints the map in effect.
"""

WORKFLOWS: dict[str, dict[str, list[str]]] = {
    "mailroom.notice_subscription_requested": {"later": ["mailroom.receivers.confirm_notices"]},
    "billing.attempts_outdated": {"later": ["billing.receivers.close_unneeded_attempts"]},
    "registrations.registration_ended": {"later": ["registrations.receivers.offer_freed_spots"]},
    "registrations.tentative_class_joined": {"later": ["registrations.receivers.confirm_class_at_minimum"]},
    "registrations.hold_expired": {"later": ["registrations.receivers.offer_freed_spots"]},
    "classwork.classes_created": {"now": ["classwork.receivers.build_releases_of_new_classes"]},
    "classwork.class_changed": {"now": ["classwork.receivers.rebuild_releases"]},
    "classwork.schedule_changed": {
        "now": ["classwork.receivers.rebuild_releases", "registrations.receivers.move_early_price"]
    },
    "users.claim_answered": {"later": ["registrations.receivers.request_attendee_address"]},
    "users.merge_requested": {"later": ["registrations.receivers.open_merge_issue"]},
    "billing.gateway_poll_requested": {"later": ["billing.receivers.poll_gateway"]},
    "billing.dispute_opened": {"later": ["registrations.receivers.apply_disputes"]},
    "billing.dispute_closed": {"later": ["registrations.receivers.apply_disputes"]},
    "billing.refund_reserved": {"later": ["billing.receivers.send_refund"]},
    "accounting.reconciliation_advanced": {"later": ["accounting.receivers.advance_reconciliation"]},
    "accounting.finding_recheck_requested": {"later": ["accounting.receivers.recheck_finding"]},
}
