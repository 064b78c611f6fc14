"""What intake knows: tables, database, migrations, stored files and status moves. Never speaks mail, never decides."""
