SENTENCES = {
    "mailroom.sent_again": "resent the email",
    "mailroom.set_aside": "dismissed the email",
    "mailroom.suppression_lifted": "unblocked the address",
}
