"""The addresses of this room: thin callers of its use cases."""
