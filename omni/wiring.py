"""What happens when: who hears which event, who follows a merge or an erasure, what runs on the beat.

This one file answers the question. Each room offers functions; here they are connected.
"""


def connect() -> None:
    """Called once all rooms are loaded."""
