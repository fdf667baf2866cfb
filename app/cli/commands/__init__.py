"""One module a command. Each is imported when its command runs, so that `seal --help` stays fast."""
