"""A choir whose mails the tests send."""
