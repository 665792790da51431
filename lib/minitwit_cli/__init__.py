"""The command line `minitwit`, and what it needs beyond the library."""
