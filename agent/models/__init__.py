"""Chat models behind endpoints, and the base model as one: what is asked of them, and what their errors mean."""
