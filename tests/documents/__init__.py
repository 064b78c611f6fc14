"""Every way in: collecting from mailboxes, routing, recording."""
