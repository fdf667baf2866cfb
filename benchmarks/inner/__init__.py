"""The inner loop side by side: what one candidate costs to train, ask, score and save, ours against others'."""
