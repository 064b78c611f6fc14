"""How a consultation is run: set up, changed, extended, closed, copied, archived. Knows no page and no mail server."""
