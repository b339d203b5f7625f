"""Files that only some may open: kept apart from the public ones, looked at before they are kept, asked for each time.

`private` is where they are, `checking` what is asked of them, `incoming` how large ones arrive, `serving` how they go.
"""
