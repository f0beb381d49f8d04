"""The program: its command line, and the services one process runs."""
