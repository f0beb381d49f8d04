"""The database: tables, repositories, and one unit of work a command."""
