"""The sentences of the history about people. history.entry_text explains their format."""

from django.utils.translation import gettext_noop as _

from history.entry_text import Details, Sentence

ANSWERS = {
    "me": "accepted the record as their own",
    "care": "accepted the record of someone in their care",
    "unknown": "answered that they do not know this student",
}


def claim_answered(details: Details) -> str:
    return ANSWERS[details["answer"]]


SENTENCES: dict[str, Sentence] = {
    "users.account_added": _("added the account"),
    "users.account_changed": (_("changed the account: {fields:names}"), _("changed the account")),
    "users.account_closed": _("closed the account"),
    "users.account_opened": _("reopened the account"),
    "users.data_exported": _("exported the personal data"),
    "users.link_sent": _("sent a link to log in"),
    "users.claim_answered": (claim_answered, _("answered the offer to take over the record")),
    "users.people_merged": (_("merged student {merged} into this one"), _("merged another student into this one")),
    "users.person_erased": _("erased the personal data"),
    "users.recovery_code_used": _("used a recovery code"),
    "users.recovery_codes_made": _("created new recovery codes"),
    "users.role_given": (_("gave the role {role}"), _("gave a role")),
    "users.role_taken": (_("removed the role {role}"), _("removed a role")),
    "users.second_factor_removed": _("turned off two-step verification"),
    "users.second_factor_set_up": _("set up two-step verification"),
    "users.student_offered": _("offered to hand over the student’s record"),
    "users.student_removed": _("removed the student"),
    "users.superuser_made": _("created the superuser account"),
}
