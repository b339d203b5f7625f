"""The refusals of this app."""

from common.errors import Refusal


class AccountRefused(Refusal):
    code = "account_refused"


class AccountLinkInvalid(AccountRefused):
    """The link became invalid after the form was shown and before it was submitted."""

    code = "account_link_invalid"


class EmailChangeRefused(AccountRefused):
    """The link is old, used, damaged, or made for another account or address."""

    code = "email_link_invalid"


class EmailTaken(EmailChangeRefused):
    """Another account already uses the address."""

    code = "email_taken"


class RoleNotGrantable(AccountRefused):
    """People can only give and remove roles whose permissions they all have themselves."""

    code = "role_not_grantable"


class StudentRecordRefused(Refusal):
    code = "student_record_refused"


class AlreadyInCare(StudentRecordRefused):
    """A person with this name is already in the account's care."""

    code = "already_in_care"


class StudentInUse(StudentRecordRefused):
    """Registrations, attendance or messages refer to the record."""

    code = "student_in_use"
