"""Reports: one file and one template each, listed in omni.reports.registry."""
