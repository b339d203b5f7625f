"""What comes back when the school itself cancels what was sold: many lines at once, all of them or none."""
