"""Who reacts to what: the whole map of the site, in one place.

`now` runs inside the transaction that emits and undoes it by raising; `later` runs after it, in a worker. A school
maps its own receivers without touching this file: an app in EXTRA_APPS may bring a `workflows.py` like this one, which
is added; or the setting WORKFLOWS names another map to take instead. `manage.py workflows` prints what holds.
"""

WORKFLOWS: dict[str, dict[str, list[str]]] = {
    "mailroom.message_queued": {"later": ["mailroom.receivers.send"]},
    "mailroom.notices_offered": {"later": ["mailroom.receivers.confirm_notices"]},
    "billing.refund_reserved": {"later": ["billing.receivers.send_refund"]},
}
