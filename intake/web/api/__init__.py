"""What other systems use: responses handed over, the log read. JSON, by a token; no page, no cookie, no form."""
