"""What accounting refuses. The sentence is for staff, the code is for programs."""

from common.errors import Refusal


class AccountingRefused(Refusal):
    """A cash count, a reconciliation, or an action on a finding that cannot be recorded."""

    code = "accounting_refused"
