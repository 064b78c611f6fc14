"""The pages, through the whole application and in a real browser."""
