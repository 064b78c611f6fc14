"""The pages. Reads forms, calls what is below, renders; holds no rule of its own. Speaks neither IMAP nor SMTP."""
