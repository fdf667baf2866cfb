"""Behind seal improve: practise, learn, prove on held-out documents, promote."""
