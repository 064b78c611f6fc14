"""Tests of intake/mail: reading, sending and fetching email, without any database."""
