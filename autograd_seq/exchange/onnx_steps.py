def mark_steps(graph): pass
