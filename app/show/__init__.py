"""What people see: reports, tables, progress, plots."""
