"""What is refused to people who change a spot, a waitlist or the roles of a class."""

from common.errors import Refusal


class RegistrationRefused(Refusal):
    """The sentence gives no details of a payment, because students read it and only the payer may know them."""

    code = "registration_refused"
