"""Make the roles of the shop."""

from typing import Any

from django.core.management.base import BaseCommand

from omni.desk.roles import ensure_roles


class Command(BaseCommand):
    help = "Make the shop's roles, or give each again exactly the permissions it should have."

    def handle(self, *args: Any, **options: Any) -> None:
        for name, group in ensure_roles().items():
            self.stdout.write(f"{name}: {group.permissions.count()} permissions")
