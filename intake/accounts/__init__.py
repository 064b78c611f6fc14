"""Who may come in and what they may see. Knows no page, and no consultation but by its id."""
