"""Maps that tests in processes of their own choose by the variable WORKFLOWS."""

SLOW = {"door.knocked": {"later": ["tests.outbox.plugin.receivers.write_down_slowly"]}}

LOST = {"door.knocked": {"later": ["tests.outbox.plugin.receivers.write_downn"]}}
