"""Where the tests' database is, for programs that the tests start."""

from django.db import connection


def database_url() -> str:
    """The database of the tests as a DATABASE_URL; a server on a socket stands with its folder in the path."""
    at = connection.settings_dict
    password = f":{at['PASSWORD']}" if at["PASSWORD"] else ""
    if str(at["HOST"]).startswith("/"):
        return f"postgres://{at['USER']}{password}@/{at['HOST']}/{at['NAME']}"
    port = f":{at['PORT']}" if at["PORT"] else ""
    return f"postgres://{at['USER']}{password}@{at['HOST']}{port}/{at['NAME']}"
