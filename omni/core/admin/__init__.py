"""What every admin page builds on, and the admin of the floor's own models."""

from omni.core.admin.base import EstimatingPaginator, ReadMostlyAdmin, SettingsAdmin

from omni.core.admin import imports, records  # isort: skip  they build on the classes above

__all__ = ["EstimatingPaginator", "ReadMostlyAdmin", "SettingsAdmin", "imports", "records"]
