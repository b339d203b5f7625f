"""The sentences of the history about people. history.entry_text explains their format."""

from history.entry_text import Details, Sentence

ANSWERS = {
    "me": "accepted the record as their own",
    "care": "accepted the record of someone in their care",
    "unknown": "answered that they do not know this student",
}


def claim_answered(details: Details) -> str:
    return ANSWERS[details["said"]]


SENTENCES: dict[str, Sentence] = {
    "users.account_added": "added the account",
    "users.account_changed": ("changed the account: {fields:names}", "changed the account"),
    "users.account_closed": "closed the account",
    "users.account_opened": "reopened the account",
    "users.data_exported": "exported the personal data",
    "users.link_sent": "sent a link to log in",
    "users.claim_answered": (claim_answered, "answered the offer to take over the record"),
    "users.people_merged": ("merged student {merged} into this one", "merged another student into this one"),
    "users.person_erased": "erased the personal data",
    "users.recovery_code_used": "used a recovery code",
    "users.recovery_codes_made": "created new recovery codes",
    "users.role_given": ("gave the role {role}", "gave a role"),
    "users.role_taken": ("removed the role {role}", "removed a role"),
    "users.second_factor_removed": "turned off two-step verification",
    "users.second_factor_set_up": "set up two-step verification",
    "users.student_offered": "offered to hand over the student’s record",
    "users.student_removed": "removed the student",
    "users.superuser_made": "created the superuser account",
}
