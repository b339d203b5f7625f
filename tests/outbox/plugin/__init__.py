"""A school's own app, as EXTRA_APPS would bring it: three events, and receivers that do what receivers may do."""
