"""What officers do with the log: finding, handling, counting."""
