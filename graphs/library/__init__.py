"""What is kept: champions, winners, published adapters and promoted policies."""
