"""Looks at files that people hand in. Knows no database and no mail."""
