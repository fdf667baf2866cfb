"""HTML to plain text, one idea a module: the tree, what nobody sees, marks, formulas, tables, code, lines."""
