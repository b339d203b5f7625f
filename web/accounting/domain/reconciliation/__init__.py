"""Reconciliation: compare our records with each gateway's statement and resolve the differences."""
