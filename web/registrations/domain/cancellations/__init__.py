"""The school cancels class days or a whole class. A plan is shown first and then applied as a whole."""
