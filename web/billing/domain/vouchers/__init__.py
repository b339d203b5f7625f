"""Gift vouchers: eligibility, sales, redemption, entries and the mail about them."""
