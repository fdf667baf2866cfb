"""Behind seal ask and seal explain: a question, its adapter, its answer, and where that came from."""
