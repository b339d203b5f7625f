"""The school cancels class days, or a whole class: quoted first, then done, all of it or nothing."""
