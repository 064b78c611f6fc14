"""The database's history of shapes, one file a step. Never edited after a release; never imports a table."""
