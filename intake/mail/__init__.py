"""Speaks IMAP, MIME and SMTP. Knows no database and no consultation."""
