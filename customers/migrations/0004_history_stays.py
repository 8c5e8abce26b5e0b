"""What was told and decided is never emptied away; erasure reaches the columns that are personal."""

from django.db import migrations

# The columns that erasure blanks.
PERSONAL = {
    "source_record_immutable": ("customers_sourcerecord", "'name', 'birth_date', 'told', 'external_id'"),
    "link_decision_append_only": ("customers_linkdecision", "'reason'"),
    "consent_append_only": ("customers_consent", "'proof'"),
}
ROWS = "DROP TRIGGER {name} ON {table}; CREATE TRIGGER {name} BEFORE UPDATE OR DELETE ON {table}" \
    " FOR EACH ROW EXECUTE FUNCTION omni_append_only({columns});"
TABLE = "CREATE TRIGGER {table}_not_truncated BEFORE TRUNCATE ON {table}" \
    " FOR EACH STATEMENT EXECUTE FUNCTION omni_append_only();"
FORWARDS = "\n".join(
    (ROWS + TABLE).format(name=name, table=table, columns=columns) for name, (table, columns) in PERSONAL.items()
)
BACKWARDS = "\n".join(
    (ROWS + "DROP TRIGGER {table}_not_truncated ON {table};").format(name=name, table=table, columns="")
    for name, (table, _) in PERSONAL.items()
)


class Migration(migrations.Migration):
    dependencies = [("customers", "0003_search_and_review"), ("core", "0003_erasure_reaches_what_is_personal")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
