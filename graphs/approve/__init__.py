"""Behind seal approve: what waits for a person's word."""
