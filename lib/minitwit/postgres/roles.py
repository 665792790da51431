"""Roles of the database: the owner, and one for each function.

The functions' roles are members of `FUNCTIONS_ROLE`, which holds what all functions
need. The migrations grant them tables and columns.
"""

# Owns the database, creates the functions' roles and runs the migrations.
OWNER = "minitwit"

FUNCTIONS_ROLE = "minitwit_function"


def function_role(function: str) -> str:
    """Return the role as which a function connects."""
    return f"minitwit_{function}"


def password_file_name(role: str) -> str:
    """Return the name of the file with a role's password, in any folder of secrets."""
    return f"database_password_{role}"
