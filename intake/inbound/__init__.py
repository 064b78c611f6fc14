"""Every way in, one file a channel, all ending in the same Response. Never sends and never shows."""
