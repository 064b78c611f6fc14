"""What is owed to people: acknowledgements, reminders and the outbox they leave by. Never reads incoming mail."""
