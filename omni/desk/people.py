"""Colleagues and roles in the desk: what a role is called and what a right allows, in the reader's language."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as PlainGroupAdmin
from django.contrib.auth.admin import UserAdmin as PlainUserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.db.models import Field, QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

# Django names the rights of a model "Can add order" and the like, in English, in the database.
_VERBS: dict[str, Promise] = {
    "add": _("Can add"),
    "change": _("Can change"),
    "delete": _("Can delete"),
    "view": _("Can view"),
}


def right_words(right: Permission) -> str:
    """A right as people say it, with its room and its table: "Orders | order | Can view"."""
    verb = right.codename.split("_")[0]
    plain = right.codename == f"{verb}_{right.content_type.model}"
    words = str(_VERBS[verb]) if plain and verb in _VERBS else gettext(right.name)
    return f"{right.content_type.app_labeled_name} | {words}"


class _Rights(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return right_words(obj)


class _Roles(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return gettext(str(obj))


class _InWords:
    """The two lists of a form, each item in words."""

    def formfield_for_manytomany(self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        form_class = {"permissions": _Rights, "user_permissions": _Rights, "groups": _Roles}.get(db_field.name)
        if form_class is not None:
            kwargs["form_class"] = form_class
        return super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc]


class RoleFilter(admin.SimpleListFilter):
    title = _("role")
    parameter_name = "groups__id__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(key), gettext(name)) for key, name in Group.objects.order_by("name").values_list("id", "name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        chosen = self.value() or ""
        return queryset.filter(groups=int(chosen)) if chosen.isdecimal() else queryset


admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(_InWords, PlainUserAdmin, ModelAdmin):  # type: ignore[misc,type-arg]
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "last_name", "first_name", "roles", "is_active"]
    list_filter = ["is_active", RoleFilter]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description=_("roles"))
    def roles(self, user: User) -> str:
        return ", ".join(gettext(group.name) for group in user.groups.all())


@admin.register(Group)
class GroupAdmin(_InWords, PlainGroupAdmin, ModelAdmin):  # type: ignore[misc]
    list_display = ["called"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who may only look reads a list; the form's own shows a right in English."""
        if obj is not None and not self.has_change_permission(request, obj):
            return ["called", "rights"]
        return ["name", "permissions"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*super().get_readonly_fields(request, obj), "called", "rights"]

    @admin.display(description=_("rights"))
    def rights(self, group: Group) -> SafeString:
        rows = group.permissions.select_related("content_type").order_by("content_type__app_label", "codename")
        return format_html_join("", "{}<br>", ((right_words(right),) for right in rows))

    @admin.display(description=_("role"), ordering="name")
    def called(self, group: Group) -> str:
        return gettext(group.name)
