"""What officers do with the log. Takes nothing in and sends nothing."""
